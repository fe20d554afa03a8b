import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createGeoTiffWriter, crsFromEpsg, geoTagsFor, openRaster } from "../../raster/index.ts";
import { mergeMaskFiles } from "./merge-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-merge-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A raster of 4 × 2 pixels of one metre, its left edge at `x`. */
async function drawn(name: string, x: number, ids: readonly number[]): Promise<string> {
  const filePath = path.join(folder, name);
  const writer = await createGeoTiffWriter(filePath, {
    width: 4,
    height: 2,
    bands: 1,
    dtype: "uint8",
    geoTags: geoTagsFor([1, 0, x, 0, -1, 10], crsFromEpsg(32633)),
    nodata: 255,
    categoryNames: { "1": "one", "2": "two" },
  });
  await writer.writeTile(0, 0, Uint8Array.from(ids));
  await writer.finish();
  return filePath;
}

it.each([
  ["first", [1, 1, 1, 1, 2, 2, 1, 1, 2, 2, 2, 2]],
  ["last", [1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 2, 2]],
  ["most-confident", [1, 1, 1, 2, 2, 2, 1, 1, 2, 2, 2, 2]],
] as const)("%s wins where masks overlap, and what is not labelled never does", async (rule, expected) => {
  const west = await drawn("west.tif", 0, [1, 1, 1, 1, 1, 1, 255, 255]);
  const east = await drawn("east.tif", 2, [2, 2, 2, 2, 2, 2, 2, 2]);
  await drawn("west_confidence.tif", 0, [9, 9, 200, 9, 9, 9, 9, 9]);
  await drawn("east_confidence.tif", 2, [100, 100, 9, 9, 9, 9, 9, 9]);
  const output = path.join(folder, "out.tif");
  expect(await mergeMaskFiles([west, east], output, { rule, version: "test" })).toEqual({
    width: 6,
    height: 2,
  });
  const merged = await openRaster(output);
  const { data } = await merged.readWindow({ pixelWindow: { x: 0, y: 0, width: 6, height: 2 }, bands: [0] });
  expect([...data]).toEqual(expected);
  expect(merged.description).toMatchObject({
    geotransform: [1, 0, 0, 0, -1, 10],
    nodata: 255,
    crs: { code: 32633 },
    categoryNames: { "1": "one", "2": "two" },
  });
  await merged.close();
  expect(await readdir(folder)).toContain("out.qml");
});
