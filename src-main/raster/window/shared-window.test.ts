import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGeoTiffWriter, crsFromEpsg, geoTagsFor, openRaster } from "../index.ts";
import { SharedArena } from "../threads/shared-arena.ts";
import { SharedWindow } from "./shared-window.ts";

const width = 700;
const height = 600;
const tile = 512;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orthomask-shared-window-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const valueAt = (x: number, y: number, band: number, most: number): number =>
  (x * 7 + y * 131 + band * 59) % most;

test.each([
  ["uint8", 251],
  ["uint16", 65_521],
] as const)("windows of %s at odd places, across tiles, have their pixels", async (dtype, most) => {
  const path = join(folder, `${dtype}.tif`);
  const geoTags = geoTagsFor([1, 0, 0, 0, -1, 0], crsFromEpsg(32633));
  const writer = await createGeoTiffWriter(path, { width, height, bands: 3, dtype, geoTags });
  for (let row = 0; row < writer.tilesDown; row += 1) {
    for (let column = 0; column < writer.tilesAcross; column += 1) {
      const [tileWidth, tileHeight] = [
        Math.min(tile, width - column * tile),
        Math.min(tile, height - row * tile),
      ];
      const samples = new (dtype === "uint8" ? Uint8Array : Uint16Array)(tileWidth * tileHeight * 3);
      samples.forEach((_, at) => {
        const pixel = Math.floor(at / 3);
        const [x, y] = [column * tile + (pixel % tileWidth), row * tile + Math.floor(pixel / tileWidth)];
        samples[at] = valueAt(x, y, at % 3, most);
      });
      await writer.writeTile(column, row, samples);
    }
  }
  await writer.finish();
  const raster = await openRaster(path);
  for (const [x, y, across, down] of [
    [0, 0, width, height],
    [333, 401, 257, 191],
    [509, 0, 7, 600],
    [1, 511, 699, 2],
    [691, 590, 9, 10],
  ] as const) {
    const pixelWindow = { x, y, width: across, height: down };
    const { data } = await raster.readWindow({ pixelWindow, bands: [0, 1, 2] });
    expect(data).toHaveLength(across * down * 3);
    const wrong = data.findIndex((value, at) => {
      const pixel = Math.floor(at / 3);
      return value !== valueAt(x + (pixel % across), y + Math.floor(pixel / across), at % 3, most);
    });
    expect(wrong).toBe(-1);
  }
  await raster.close();
});

test("rows come from the same memory and from any other, and nothing is written outside", () => {
  const arena = new SharedArena(() => 2 ** 20);
  const [place = 0] = arena.takeAll([2 ** 16]) ?? [];
  const inside = new Uint8Array(arena.memory, place, 2 ** 16);
  inside.forEach((_, at) => (inside[at] = at % 253));
  const data = new Uint8Array(256 * 128);
  const window = SharedWindow.of(arena, data);
  const rows = { first: 3, step: 300, target: 5, targetStep: 256, length: 100, rows: 100 };
  window?.copyFrom({ ...rows, samples: inside });
  window?.copyFrom({ ...rows, target: 105, samples: inside.slice() });
  window?.copyTo(data);
  expect(data[99 * 256 + 5]).toBe((3 + 99 * 300) % 253);
  expect(data[99 * 256 + 104]).toBe((3 + 99 * 300 + 99) % 253);
  expect(data[99 * 256 + 204]).toBe((3 + 99 * 300 + 99) % 253);
  expect(() => window?.copyFrom({ ...rows, rows: 1_000, samples: inside })).toThrow(RangeError);
  expect(SharedWindow.of(arena, new Uint8Array(100))).toBeNull();
});
