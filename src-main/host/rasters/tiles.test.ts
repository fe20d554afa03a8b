import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tileSchema } from "#shared/contract.ts";
import type { Tile, TileSource } from "#shared/contract.ts";
import { usualDisplay } from "#shared/project/imagery-display.ts";
import type { ImageryDisplay } from "#shared/project/imagery-display.ts";
import { ClassGrid, createGeoTiffWriter, crsFromEpsg, geoTagsFor, openRaster } from "../../raster/index.ts";
import type { SampleArray } from "../../raster/index.ts";
import type { RasterDtype } from "#shared/geo/raster-description.ts";
import { Projects } from "../projects/index.ts";
import type { Project } from "../projects/index.ts";
import { Tiles } from "./index.ts";

const shared = path.resolve(import.meta.dirname, "../../../../shared/data");
const SIDE = 300;

let folder: string;
let projects: Projects;
let grid: ClassGrid | null;
let tiles: Tiles;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-tiles-"));
  projects = new Projects({ dataDirectory: path.join(folder, "data") });
  grid = null;
  tiles = new Tiles({
    projects,
    predictions: {
      readPrediction: () => Promise.resolve(grid),
      readLive: () => Promise.reject(new Error("no tile of these is live")),
    },
    comparisons: {
      comparedVersion: () => Promise.resolve(""),
      compared: () => Promise.reject(new Error("no tile of these is a comparison")),
    },
  });
});

afterEach(async () => {
  await projects.close();
  await rm(folder, { recursive: true, force: true });
});

async function writeImage(
  name: string,
  dtype: RasterDtype,
  bands: number,
  samples: SampleArray,
  more: { nodata?: number; alphaBand?: number; colorTable?: Record<string, string> } = {},
): Promise<void> {
  await mkdir(path.join(folder, "project", path.dirname(name)), { recursive: true });
  const writer = await createGeoTiffWriter(path.join(folder, "project", name), {
    width: SIDE,
    height: SIDE,
    bands,
    dtype,
    tileSize: 512,
    geoTags: geoTagsFor([0.5, 0, 500_000, 0, -0.5, 600_000], crsFromEpsg(2180)),
    overviews: "none",
    ...more,
  });
  await writer.writeTile(0, 0, samples);
  await writer.finish();
}

async function open(): Promise<Project> {
  const project = await projects.open(path.join(folder, "project"));
  await project.counted();
  return project;
}

async function tile(
  project: Project,
  source: TileSource,
  pixelWindow: { x: number; y: number; width: number; height: number },
  size = { width: pixelWindow.width, height: pixelWindow.height },
  signal = new AbortController().signal,
): Promise<Tile> {
  const mosaicId = project.snapshot().mosaics[0]?.id ?? "";
  const made = await tiles.tile({ projectId: project.id, mosaicId, source, pixelWindow, size }, { signal });
  return tileSchema.parse(made);
}

/** An uncompressed image of `side`² grey pixels that slopes from corner to corner; its rows are shared, so it takes `2 · side` bytes. */
async function writeSparse(filePath: string, side: number): Promise<(x: number, y: number) => number> {
  const value = (x: number, y: number): number => Math.floor(40 + 100 * x + 80 * y);
  const bands = 64;
  const rowsABand = side / bands;
  const entries: [tag: number, type: number, count: number, value: number][] = [
    [256, 4, 1, side],
    [257, 4, 1, side],
    [258, 3, 1, 8],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, side, 0],
    [277, 3, 1, 1],
    [278, 4, 1, 1],
    [279, 4, side, 0],
  ];
  const directoryBytes = 8 + 2 + entries.length * 12 + 4;
  const rowsAt = directoryBytes + side * 8;
  const file = Buffer.alloc(rowsAt + bands * side);
  file.write("II*\0");
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(entries.length, 8);
  for (const [index, [tag, type, count, given]] of entries.entries()) {
    const at = 10 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(
      tag === 273 ? directoryBytes : tag === 279 ? directoryBytes + side * 4 : given,
      at + 8,
    );
  }
  for (let row = 0; row < side; row++) {
    file.writeUInt32LE(
      rowsAt + Math.min(bands - 1, Math.floor(row / rowsABand)) * side,
      directoryBytes + row * 4,
    );
    file.writeUInt32LE(side, directoryBytes + (side + row) * 4);
  }
  for (let band = 0; band < bands; band++) {
    for (let column = 0; column < side; column++) {
      file[rowsAt + band * side + column] = value(column / side, band / bands);
    }
  }
  await writeFile(filePath, file);
  return value;
}

const imagery: TileSource = { kind: "imagery" };

describe("imagery", () => {
  it("is the file's own 8-bit colours, transparent outside and where alpha is 0", async () => {
    const samples = new Uint8Array(SIDE * SIDE * 4);
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      samples.set([pixel % 251, (pixel * 7) % 253, (pixel * 13) % 255, pixel % 5 === 0 ? 0 : 255], pixel * 4);
    }
    await writeImage("a.tif", "uint8", 4, samples, { alphaBand: 3 });
    const made = await tile(await open(), imagery, { x: -2, y: 10, width: 12, height: 1 });
    const line = 10 * SIDE;
    const expected = Array.from({ length: 12 }, (_, column) => {
      const x = column - 2;
      const at = (line + x) * 4;
      return x < 0 || samples[at + 3] === 0 ? [0, 0, 0, 0] : [...samples.subarray(at, at + 3), 255];
    });
    expect([...made.data]).toEqual(expected.flat());
  });

  it("is stretched from the 2nd to the 98th percentile for 16 bits", async () => {
    const samples = new Uint16Array(SIDE * SIDE);
    for (let pixel = 0; pixel < samples.length; pixel++) {
      samples[pixel] = 1000 + (pixel % 1001);
    }
    samples[0] = 65_535;
    samples[1] = 0;
    await writeImage("a.tif", "uint16", 1, samples, { nodata: 0 });
    const made = await tile(await open(), imagery, { x: 0, y: 0, width: 4, height: 1 });
    // Percentiles of 1000…2000 are 1020 and 1980.
    expect(made.data[0]).toBe(255);
    expect([...made.data.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
    expect([...made.data.subarray(8, 12)]).toEqual([0, 0, 0, 255]);
    const hundredthLevel = await tile(await open(), imagery, { x: 120, y: 0, width: 1, height: 1 });
    expect(Math.abs((hundredthLevel.data[0] ?? 0) - (255 * (1120 - 1020)) / 960)).toBeLessThanOrEqual(1);
  });

  it("is shown in chosen bands, between chosen limits and percentiles, brightened by gamma", async () => {
    const samples = new Uint16Array(SIDE * SIDE * 5);
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      for (let band = 0; band < 5; band++) {
        samples[pixel * 5 + band] = 1000 * band + (pixel % 1001);
      }
    }
    await writeImage("a.tif", "uint16", 5, samples);
    const project = await open();
    const shown = async (display: Partial<ImageryDisplay>): Promise<number[]> => {
      const source: TileSource = { kind: "imagery", display: { ...usualDisplay, ...display } };
      const made = await tile(project, source, { x: 250, y: 0, width: 1, height: 1 });
      return [...made.data];
    };
    const limits = { kind: "limits", limits: { "4": { low: 4000, high: 5000 } } } as const;
    expect(await shown({ bands: [4], stretch: limits })).toEqual([64, 64, 64, 255]);
    // sqrt(0.25) is half of full brightness.
    expect(await shown({ bands: [4], stretch: limits, gamma: 2 })).toEqual([128, 128, 128, 255]);
    const [red, green, blue] = await shown({
      bands: [4, 0, 4],
      stretch: { kind: "percentiles", low: 0, high: 100 },
    });
    expect(red).toBe(blue);
    expect(Math.abs((green ?? 0) - 255 * 0.25)).toBeLessThanOrEqual(1);
    // A display made for another mosaic, with bands that this one lacks.
    expect(await shown({ bands: [7] })).toEqual(await shown({}));
  });

  it("tells the values of a pixel and of bands, none where there is no data", async () => {
    const samples = new Float32Array(SIDE * SIDE * 2).map((_, index) => (index % 2 === 0 ? 0.5 : index / 4));
    samples[0] = Number.NaN;
    await writeImage("a.tif", "float32", 2, samples);
    const project = await open();
    const mosaicId = project.snapshot().mosaics[0]?.id ?? "";
    const options = { signal: new AbortController().signal };
    expect(await tiles.values(project.id, mosaicId, { column: 2, row: 0 }, options)).toEqual([0.5, 1.25]);
    expect(await tiles.values(project.id, mosaicId, { column: 0, row: 0 }, options)).toEqual([null, 0.25]);
    const [flat, ramp] = await tiles.statistics(project.id, mosaicId, [0, 1]);
    expect(flat).toMatchObject({ sampledPixels: SIDE * SIDE - 1, mean: 0.5 });
    expect(ramp?.sampledPixels).toBe(SIDE * SIDE);
    await expect(tiles.statistics(project.id, mosaicId, [2])).rejects.toMatchObject({
      code: "invalid-input",
    });
  });

  it("is a smooth preview of a very large image until it has a pyramid", async () => {
    const side = 40_000;
    const filePath = path.join(folder, "project", "large.tif");
    await mkdir(path.dirname(filePath), { recursive: true });
    const made = await writeSparse(filePath, side);
    const project = await open();
    const start = performance.now();
    const whole = await tile(
      project,
      imagery,
      { x: 0, y: 0, width: side, height: side },
      { width: 256, height: 256 },
    );
    expect(performance.now() - start).toBeLessThan(1000);
    const at = (x: number, y: number): number => whole.data[(y * 256 + x) * 4] ?? 0;
    for (const [x, y] of [
      [40, 40],
      [200, 40],
      [40, 200],
      [200, 200],
    ] as const) {
      expect(Math.abs(at(x, y) - made(x / 256, y / 256))).toBeLessThanOrEqual(8);
      expect(Math.abs(at(x + 1, y) - at(x, y))).toBeLessThanOrEqual(4);
    }
  });

  it("shows palette images in their colours, nearest when scaled", async () => {
    const samples = new Uint8Array(SIDE * SIDE).map((_, index) => (index % SIDE < 150 ? 3 : 8));
    await writeImage("a.tif", "uint8", 1, samples, { colorTable: { "3": "#102030", "8": "#ffee00" } });
    const made = await tile(
      await open(),
      imagery,
      { x: 0, y: 0, width: SIDE, height: SIDE },
      { width: 2, height: 1 },
    );
    expect([...made.data]).toEqual([0x10, 0x20, 0x30, 255, 0xff, 0xee, 0, 255]);
  });
});

describe("classes", () => {
  beforeEach(async () => {
    await writeImage("images/a.tif", "uint8", 1, new Uint8Array(SIDE * SIDE).fill(9));
  });

  it("of labels are never mixed: the nearest pixel's", async () => {
    const ids = new Uint8Array(SIDE * SIDE).map((_, index) => ((index % SIDE) % 3 === 1 ? 4 : 0));
    await writeImage("masks/a.tif", "uint8", 1, ids);
    const made = await tile(
      await open(),
      { kind: "labels" },
      { x: 0, y: 0, width: 9, height: 3 },
      { width: 3, height: 1 },
    );
    expect(made).toMatchObject({ layout: "classes", data: Uint8Array.of(4, 4, 4) });
  });

  it("of predictions come with confidence where there is one, 255 before anything is predicted", async () => {
    const project = await open();
    const source: TileSource = { kind: "prediction", runId: "r" };
    const area = { x: 0, y: 0, width: 2, height: 1 };
    expect(await tile(project, source, area)).toMatchObject({
      layout: "classes",
      data: Uint8Array.of(255, 255),
    });
    grid = await ClassGrid.create(path.join(folder, "grid"), { width: SIDE, height: SIDE, confidence: true });
    await grid.writeWindow({ x: 1, y: 0, width: 1, height: 1 }, Uint8Array.of(2), Uint8Array.of(200));
    expect(await tile(project, source, area)).toMatchObject({
      layout: "classes-confidence",
      data: Uint8Array.of(255, 0, 2, 200),
    });
  });

  it("of what is unlabelled are 0 where imagery has no label, and 255 outside of it", async () => {
    const project = await open();
    const source: TileSource = { kind: "unlabelled" };
    const labels = await tile(
      project,
      { kind: "labels" },
      { x: -2, y: -1, width: SIDE + 4, height: SIDE + 2 },
    );
    const made = await tile(project, source, { x: -2, y: -1, width: SIDE + 4, height: SIDE + 2 });
    expect(made.layout).toBe("classes");
    const inside = (index: number): boolean => {
      const [x, y] = [(index % (SIDE + 4)) - 2, Math.floor(index / (SIDE + 4)) - 1];
      return x >= 0 && y >= 0 && x < SIDE && y < SIDE;
    };
    expect(made.data).toEqual(labels.data.map((id, index) => (id === 255 && inside(index) ? 0 : 255)));
  });

  it("of uncertainty have entropies, or what an older prediction's confidence leaves", async () => {
    const project = await open();
    const source: TileSource = { kind: "uncertainty", runId: "r", live: false };
    const area = { x: 1, y: 0, width: 1, height: 1 };
    const size = { width: SIDE, height: SIDE };
    grid = await ClassGrid.create(path.join(folder, "old"), { ...size, confidence: true });
    await grid.writeWindow(area, Uint8Array.of(2), Uint8Array.of(200));
    const layout = "classes-uncertainty";
    expect(await tile(project, source, area)).toMatchObject({ layout, data: Uint8Array.of(2, 55) });
    grid = await ClassGrid.create(path.join(folder, "new"), { ...size, confidence: true, entropy: true });
    await grid.writeWindow(area, Uint8Array.of(2), Uint8Array.of(200), Uint8Array.of(90));
    expect(await tile(project, source, area)).toMatchObject({ layout, data: Uint8Array.of(2, 90) });
  });

  it("are not read for a tile that is no longer wanted, nor for one of an unknown mosaic", async () => {
    const project = await open();
    const gone = new AbortController();
    gone.abort();
    await expect(
      tile(project, imagery, { x: 0, y: 0, width: 8, height: 8 }, undefined, gone.signal),
    ).rejects.toMatchObject({ code: "cancelled" });
    await expect(
      tiles.tile(
        {
          projectId: project.id,
          mosaicId: "../a",
          source: imagery,
          pixelWindow: { x: 0, y: 0, width: 8, height: 8 },
          size: { width: 8, height: 8 },
        },
        { signal: new AbortController().signal },
      ),
    ).rejects.toMatchObject({ code: "not-found" });
  });
});

describe.skipIf(!existsSync(path.join(shared, "dubai")))(
  "real mosaics (../shared/data/dubai, skipped where it is missing)",
  () => {
    it("are shown as the reader reads them, at full and at reduced resolution", async () => {
      const project = await projects.open(path.join(shared, "dubai"), { remember: false });
      await project.settled();
      const mosaic = project.snapshot().mosaics[0];
      const mosaicId = mosaic?.id ?? "";
      const image = await openRaster(project.imagePath(mosaicId));
      try {
        for (const [side, size] of [
          [256, 256],
          [512, 256],
        ] as const) {
          const pixelWindow = { x: 700, y: 900, width: side, height: side };
          const made = await tiles.tile(
            {
              projectId: project.id,
              mosaicId,
              source: imagery,
              pixelWindow,
              size: { width: size, height: size },
            },
            { signal: new AbortController().signal },
          );
          const direct = await image.readWindow({
            pixelWindow,
            bands: [0, 1, 2],
            outputSize: { width: size, height: size },
            resampling: side === size ? "nearest" : "average",
          });
          const rgb = made.data.filter((_, index) => index % 4 !== 3);
          expect(rgb).toEqual(Uint8Array.from(direct.data));
        }
      } finally {
        await image.close();
      }
    });
  },
);
