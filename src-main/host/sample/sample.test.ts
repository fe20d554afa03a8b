import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rasterExtent } from "#shared/geo/bounds.ts";
import { openRaster } from "../../raster/index.ts";
import type { Pixels } from "../../raster/index.ts";
import { parseClasses } from "../projects/class-discovery.ts";
import { classId } from "./canvas.ts";
import { drawSample } from "./index.ts";

const SIZE = 600;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-sample-"));
  await drawSample(folder, { sizePixels: SIZE, mosaics: 2, seed: 3 });
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function pixels(name: string, bands: number[]): Promise<Pixels> {
  const raster = await openRaster(path.join(folder, name));
  try {
    return await raster.readWindow({ pixelWindow: { x: 0, y: 0, width: SIZE, height: SIZE }, bands });
  } finally {
    await raster.close();
  }
}

describe("the sample", () => {
  it("is georeferenced in EPSG:2180, its mosaics near each other without touching", async () => {
    const extents = [];
    for (const name of [
      "images/sample-1.tif",
      "images/sample-2.tif",
      "masks/sample-1.tif",
      "masks/sample-2.tif",
    ]) {
      const raster = await openRaster(path.join(folder, name));
      const { description } = raster;
      expect(description).toMatchObject({ width: SIZE, height: SIZE, crs: { kind: "epsg", code: 2180 } });
      extents.push(rasterExtent(description.geotransform ?? [1, 0, 0, 0, 1, 0], description));
      await raster.close();
    }
    const [first, second, firstMask, secondMask] = extents;
    expect(first).toEqual(firstMask);
    expect(second).toEqual(secondMask);
    expect((second?.[0] ?? 0) - (first?.[2] ?? 0)).toBe(16);
  });

  it("has every class in every mosaic, and classes.json names them", async () => {
    for (const name of ["masks/sample-1.tif", "masks/sample-2.tif"]) {
      const { data } = await pixels(name, [0]);
      const counts = new Map<number, number>();
      for (const id of data) {
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4]);
      for (const pixelCount of counts.values()) {
        expect(pixelCount).toBeGreaterThan(0.005 * SIZE * SIZE);
      }
    }
    const parsed = parseClasses(await readFile(path.join(folder, "classes.json"), "utf8"));
    expect(parsed.kind === "ok" ? parsed.classes.map(({ name }) => name) : parsed).toEqual([
      "background",
      "building",
      "woodland",
      "water",
      "road",
    ]);
  });

  it("can be learnt: classes differ in colour", async () => {
    const { data: ids } = await pixels("masks/sample-1.tif", [0]);
    const { data: colors } = await pixels("images/sample-1.tif", [0, 1, 2]);
    const sums = new Map<number, number[]>();
    for (const [index, id] of ids.entries()) {
      const [red = 0, green = 0, blue = 0, count = 0] = sums.get(id) ?? [];
      const at = 3 * index;
      sums.set(id, [
        red + (colors[at] ?? 0),
        green + (colors[at + 1] ?? 0),
        blue + (colors[at + 2] ?? 0),
        count + 1,
      ]);
    }
    const mean = (id: number, channel: number): number => {
      const sum = sums.get(id) ?? [];
      return (sum[channel] ?? 0) / (sum[3] ?? 1);
    };
    const brightness = (id: number): number => mean(id, 0) + mean(id, 1) + mean(id, 2);
    expect(brightness(classId.woodland)).toBeLessThan(0.6 * brightness(classId.background));
    expect(mean(classId.water, 2)).toBeGreaterThan(mean(classId.water, 0));
    expect(brightness(classId.road)).toBeGreaterThan(1.5 * brightness(classId.water));
    expect(mean(classId.woodland, 1)).toBeGreaterThan(mean(classId.woodland, 0));
  });

  it("is the same to the last bit for the same seed, another for another, and never overwrites", async () => {
    const base = await mkdtemp(path.join(tmpdir(), "orthomask-sample-"));
    try {
      const small = { sizePixels: 256, mosaics: 2, seed: 5 };
      await drawSample(path.join(base, "first"), small);
      await drawSample(path.join(base, "again"), small);
      await drawSample(path.join(base, "other"), { ...small, mosaics: 1, seed: 6 });
      const read = (folderName: string, name: string): Promise<Buffer> =>
        readFile(path.join(base, folderName, name));
      for (const name of [
        "images/sample-1.tif",
        "images/sample-2.tif",
        "masks/sample-1.tif",
        "masks/sample-2.tif",
      ]) {
        expect((await read("first", name)).equals(await read("again", name))).toBe(true);
      }
      expect(
        (await read("first", "masks/sample-1.tif")).equals(await read("other", "masks/sample-1.tif")),
      ).toBe(false);
      await expect(drawSample(path.join(base, "first"), small)).rejects.toMatchObject({ code: "conflict" });
    } finally {
      await rm(base, { recursive: true, force: true });
    }
  });
});
