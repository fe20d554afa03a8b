import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serveRanges, type RangeServer } from "../../../fixtures/range-server.ts";
import { configureRaster, createGeoTiffWriter, crsFromEpsg, geoTagsFor } from "../../raster/index.ts";
import { addRemoteMosaic, Projects, type Project } from "./index.ts";

const fixtures = path.join(import.meta.dirname, "../../../fixtures/rasters");

let base: string;
let served: RangeServer;
let whole: RangeServer;
let projects: Projects;
let project: Project;
beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), "orthomask-add-remote-"));
  await mkdir(path.join(base, "project/images"), { recursive: true });
  await cp(path.join(fixtures, "mask.tif"), path.join(base, "project/images/mask.tif"));
  const far = path.join(base, "far");
  await mkdir(far);
  await cp(path.join(fixtures, "overviews.tif"), path.join(far, "Über sicht.tif"));
  await cp(path.join(fixtures, "mask.tif"), path.join(far, "mask.tif"));
  await drawLarge(path.join(far, "large.tif"));
  served = await serveRanges(far);
  whole = await serveRanges(far, true);
  projects = new Projects({ dataDirectory: path.join(base, "data") });
  project = await projects.open(path.join(base, "project"), { remember: false });
  await project.settled();
});
afterAll(async () => {
  await projects.close();
  await served.close();
  await whole.close();
  await rm(base, { recursive: true, force: true });
});

/** 3000 × 100 pixels in tiles, without overviews. */
async function drawLarge(filePath: string): Promise<void> {
  const writer = await createGeoTiffWriter(filePath, {
    width: 3000,
    height: 100,
    bands: 1,
    dtype: "uint8",
    geoTags: geoTagsFor([1, 0, 0, 0, -1, 0], crsFromEpsg(32633)),
  });
  await writer.finish();
}

it("writes a link file beside the folder's images, under a name that is free", async () => {
  const address = `${served.base}/%C3%9Cber%20sicht.tif?token=secret`;
  expect(await addRemoteMosaic(project, ` ${address}\n`, {})).toEqual({ name: "Über sicht" });
  const link = await readFile(path.join(base, "project/images/Über sicht.url"), "utf8");
  expect(link).toBe(`[InternetShortcut]\r\nURL=${address}\r\n`);
  expect(project.snapshot().mosaics.map(({ kind, name }) => [kind, name])).toEqual([
    ["ready", "mask"],
    ["ready", "Über sicht"],
  ]);
  await expect(addRemoteMosaic(project, address, {})).rejects.toThrow(
    "This address is in the project already, as Über sicht.",
  );
  // There is a mask.tif of the folder's own.
  expect(await addRemoteMosaic(project, `${served.base}/mask.tif`, {})).toEqual({ name: "mask-2" });
});

it("says why an address can't be added, and writes nothing", async () => {
  const before = await readdir(path.join(base, "project/images"));
  for (const [address, code, message] of [
    ["/etc/passwd", "invalid-input", /begins with http/],
    ["ftp://there/x.tif", "invalid-input", /begins with http/],
    [
      `${served.base}/none.tif`,
      "not-found",
      /none\.tif: there is no such file \(127\.0\.0\.1:\d+ answers 404\)/,
    ],
    [`${whole.base}/large.tif`, "unsupported", /large\.tif: unsupported: the server sends only whole files/],
    [
      `${served.base}/large.tif`,
      "unsupported",
      /large\.tif is no Cloud Optimized GeoTIFF: it has no overviews/,
    ],
    [
      "http://127.0.0.1:1/x.tif",
      "not-found",
      /x\.tif: it can't be fetched from 127\.0\.0\.1:1: .*ECONNREFUSED/,
    ],
  ] as const) {
    await expect(addRemoteMosaic(project, address, {})).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  }
  configureRaster({ remote: "public" });
  try {
    await expect(addRemoteMosaic(project, `${served.base}/large.tif`, {})).rejects.toThrow(
      /127\.0\.0\.1 is on a private network or this machine.*--allow-remote-private/,
    );
  } finally {
    configureRaster({ remote: "any" });
  }
  await expect(
    addRemoteMosaic(project, `${served.base}/large.tif`, { signal: AbortSignal.abort() }),
  ).rejects.toThrow();
  expect(await readdir(path.join(base, "project/images"))).toEqual(before);
});
