import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { buildRasterChild } from "../../../fixtures/build-raster-child.ts";
import {
  createGeoTiffWriter,
  crsFromEpsg,
  geoTagsFor,
  sweepLeftovers,
  temporaryPath,
} from "../../raster/index.ts";
import { exportMaskFile } from "./index.ts";

let base: string;
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), "orthomask-killed-export-"));
});
afterEach(() => rm(base, { recursive: true, force: true }));

async function drawMask(filePath: string): Promise<void> {
  const writer = await createGeoTiffWriter(filePath, {
    ...{ width: 2000, height: 1500, bands: 1, dtype: "uint8", nodata: 255 },
    geoTags: geoTagsFor([0.25, 0, 500_000, 0, -0.25, 5_400_000], crsFromEpsg(32633)),
    categoryNames: { "0": "land", "1": "water" },
  });
  const ids = Uint8Array.from({ length: 512 * 512 }, (_, at) => (at % 91 < 40 ? 1 : 0));
  for (let row = 0; row < writer.tilesDown; row += 1) {
    for (let column = 0; column < writer.tilesAcross; column += 1) {
      await writer.writeTile(column, row, ids);
    }
  }
  await writer.finish();
}

it("what a process that was killed while it exported left is gone with the next export to the folder", async () => {
  const mask = path.join(base, "mask.tif");
  await drawMask(mask);
  const { script, remove } = await buildRasterChild();
  const folder = path.join(base, "out");
  await mkdir(folder);
  const child = fork(script, ["export", mask, path.join(folder, "town")], { execArgv: [] });
  await once(child, "message");
  const whole = ["town.gpkg", "town.qml"];
  const partials = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => !whole.includes(name));
  const left = await partials();
  expect(left).toEqual([expect.stringMatching(/^\.town\.tif\.tiles\..*\.partial$/)]);

  // Of a living process, of one on another machine, of nobody we know, and of the user's own: they stay.
  const others = [`.a.tif.0a0a0a-${child.pid ?? 0}-1-01234567.partial`, ".a.tif.0123456789ab.partial", ".b"];
  for (const name of others) {
    await writeFile(path.join(folder, name), "");
  }
  expect(await sweepLeftovers(folder)).toBe(0);
  child.kill("SIGKILL");
  await once(child, "exit");
  await remove();
  const before = await readFile(path.join(folder, "town.gpkg"));
  await exportMaskFile(mask, path.join(folder, "other.fgb"), { simplify: 0, minArea: 0 });
  expect((await readdir(folder)).sort()).toEqual([...others, ...whole, "other.fgb", "other.qml"].sort());
  expect((await readFile(path.join(folder, "town.gpkg"))).equals(before)).toBe(true);
}, 60_000);

it("an earlier file that a killed process had put aside is back under its name, unless it was replaced", async () => {
  const [kept, replaced] = ["kept.tif", "replaced.tif"].map((name) => path.join(base, name)) as [
    string,
    string,
  ];
  // A number that no process has, in the place of this one's.
  const ofTheDead = (name: string): string => name.replace(`-${process.pid}-`, "-4194999-");
  await writeFile(ofTheDead(temporaryPath(kept, "earlier")), "earlier");
  await writeFile(ofTheDead(temporaryPath(replaced, "earlier")), "earlier");
  await writeFile(replaced, "new");
  // One of this process, in use.
  const own = temporaryPath(kept, "earlier");
  await writeFile(own, "own");
  await mkdir(path.join(base, "below"));
  await writeFile(ofTheDead(temporaryPath(path.join(base, "below/chunk"), "partial")), "half");
  expect(await sweepLeftovers(base, { recursive: true })).toBe(3);
  expect((await readdir(base)).sort()).toEqual(
    ["kept.tif", "replaced.tif", "below", path.basename(own)].sort(),
  );
  expect(await readdir(path.join(base, "below"))).toEqual([]);
  expect(await readFile(kept, "utf8")).toBe("earlier");
  expect(await readFile(replaced, "utf8")).toBe("new");
});

it("leftovers behind a link of a project are not looked for", async () => {
  const [project, outside] = [path.join(base, "project"), path.join(base, "outside")];
  await mkdir(path.join(project, "own"), { recursive: true });
  await mkdir(outside);
  const ofTheDead = (name: string): string =>
    temporaryPath(name, "partial").replace(`-${process.pid}-`, "-4194999-");
  await writeFile(ofTheDead(path.join(outside, "a")), "");
  await writeFile(ofTheDead(path.join(project, "own/b")), "");
  await symlink(outside, path.join(project, "x"));
  await symlink(outside, path.join(base, "linked"));
  expect(await sweepLeftovers(project, { recursive: true })).toBe(1);
  expect(await sweepLeftovers(path.join(base, "linked"), { recursive: true })).toBe(0);
  expect(await readdir(outside)).toHaveLength(1);
});
