import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Projects } from "./index.ts";

const fixtures = join(import.meta.dirname, "../../../fixtures/rasters");
const good = ["overviews", "mask", "jpeg-ycbcr", "bigtiff", "deflate-strips-pixel"];

let folder: string;
let data: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orthomask-folder-"));
  data = await mkdtemp(join(tmpdir(), "orthomask-data-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(data, { recursive: true, force: true });
});

test("two hundred damaged files beside five good ones: the five are shown, each other has a reason", async () => {
  const names = (await readdir(fixtures)).filter((name) => name.endsWith(".tif"));
  for (let index = 0; index < 200; index += 1) {
    const bytes = await readFile(join(fixtures, names[index % names.length] ?? ""));
    // Cut within the header, or the directory pointed at nothing, or its first entries made nonsense.
    const damaged = new Uint8Array(index % 3 === 0 ? bytes.subarray(0, index % 9) : bytes);
    if (index % 3 === 1) {
      damaged.fill(0xf0, 4, 16);
    } else if (index % 3 === 2) {
      damaged.fill(0x47, 0, 40);
    }
    await writeFile(join(folder, `damaged-${index}.tif`), damaged);
  }
  for (const name of good) {
    await copyFile(join(fixtures, `${name}.tif`), join(folder, `${name}.tif`));
  }
  const projects = new Projects({ dataDirectory: data });
  const started = performance.now();
  const project = await projects.open(folder, { remember: false });
  await project.settled();
  expect(performance.now() - started).toBeLessThan(20_000);
  const { mosaics } = project.snapshot();
  expect(mosaics).toHaveLength(205);
  expect(mosaics.flatMap((mosaic) => (mosaic.kind === "ready" ? [mosaic.name] : [])).sort()).toEqual(
    [...good].sort(),
  );
  for (const mosaic of mosaics) {
    if (mosaic.kind === "failed") {
      expect(mosaic.reason).toMatch(/\S+ \S+/);
    }
  }
  await projects.close();
});

test("a link file is a mosaic like any other, with the mask of its name", async () => {
  const file = await readFile(join(fixtures, "overviews.tif"));
  const server = createServer((request, response) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    const start = Number(range?.[1]);
    const end = Math.min(Number(range?.[2]), file.length - 1);
    response.writeHead(206, { "content-range": `bytes ${start}-${end}/${file.length}` });
    response.end(file.subarray(start, end + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await writeFile(join(folder, "far.url"), `[InternetShortcut]\nURL=http://127.0.0.1:${port}/x.tif\n`);
    await writeFile(join(folder, "gone.url"), "http://127.0.0.1:1/y.tif\n");
    const projects = new Projects({ dataDirectory: data });
    const project = await projects.open(folder, { remember: false });
    await project.settled();
    const { mosaics } = project.snapshot();
    expect(mosaics.map(({ kind, fileName }) => [kind, fileName])).toEqual([
      ["ready", "far.url"],
      ["failed", "gone.url"],
    ]);
    const image = await project.image(mosaics[0]?.id ?? "");
    expect(image.description.overviews.length).toBeGreaterThan(0);
    await projects.close();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
