import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import buildRasterThreads from "../scripts/build/raster-threads.mjs";
import { peerPython, runPeer } from "../fixtures/peers.ts";
import { openRaster } from "../src-main/raster/index.ts";
import { sampleOf } from "./harness/bench.ts";
import type { Bench, BenchRow } from "./harness/bench.ts";

const side = 512;

const measuredSchema = z.object({
  version: z.string(),
  milliseconds: z.record(z.string(), z.tuple([z.number(), z.number()])),
});

const readAllWithRasterio = `
import json, sys, time, random, warnings
warnings.filterwarnings("ignore")
import rasterio
from rasterio.windows import Window
found = {"version": rasterio.__version__, "milliseconds": {}}
for path in sys.argv[1:]:
    started = time.perf_counter()
    with rasterio.open(path) as source:
        for y in range(0, source.height, 512):
            for x in range(0, source.width, 512):
                source.read(window=Window(x, y, min(512, source.width - x), min(512, source.height - y)))
    inOrder = (time.perf_counter() - started) * 1000
    state = 7
    def number(limit):
        global state
        state = state * 48271 % 2147483647
        return state % limit
    started = time.perf_counter()
    with rasterio.open(path) as source:
        for _ in range(2000):
            x = number(max(1, source.width - 256))
            y = number(max(1, source.height - 256))
            source.read(window=Window(x, y, min(256, source.width), min(256, source.height)))
    found["milliseconds"][path] = [inOrder, (time.perf_counter() - started) * 1000]
print(json.dumps(found))
`;

/** Reading every 512 × 512 window of rasters once: the files given as words, or the mosaics of `../shared/data/dubai`. */
export const bench: Bench = {
  title: "Raster windows against rasterio",
  method:
    "All 512 × 512 windows of a mosaic read once, and 2,000 of 256 × 256 in random order, all bands, in one process each; the first view is the whole raster at 1024 pixels, from the moment of opening.",
  run: async (words) => {
    const paths = words.length > 0 ? words : await dubaiMosaics();
    const theirs =
      peerPython() === undefined || paths.length === 0
        ? null
        : measuredSchema.parse(await runPeer(readAllWithRasterio, paths));
    await buildRasterThreads();
    const rows: BenchRow[] = [];
    for (const path of paths) {
      const raster = await openRaster(path);
      const { width, height, compression, blockSize } = raster.description;
      await raster.close();
      const work = `${basename(path)} ${width} × ${height}, ${compression}, blocks ${blockSize.join(" × ")}`;
      const firstView = sampleOf([await timeFirstView(path)]);
      const inOrder = sampleOf([await timeWindows(path)]);
      const random = sampleOf([await timeRandomWindows(path)]);
      const [rasterioInOrder, rasterioRandom] = theirs?.milliseconds[path] ?? [];
      rows.push(
        {
          work,
          measure: "all windows",
          unit: "ms",
          ours: inOrder,
          peer: peerOf(rasterioInOrder),
          target: null,
        },
        {
          work,
          measure: "2,000 random windows",
          unit: "ms",
          ours: random,
          peer: peerOf(rasterioRandom),
          target: null,
        },
        { work, measure: "first view", unit: "ms", ours: firstView, peer: null, target: null },
      );
    }
    return { versions: theirs === null ? {} : { rasterio: theirs.version }, rows };
  },
};

function peerOf(milliseconds: number | undefined): BenchRow["peer"] {
  return milliseconds === undefined ? null : { name: "rasterio", sample: sampleOf([milliseconds]) };
}

/** 2,000 windows of 256 × 256 pixels in random order, the same ones that rasterio reads. */
async function timeRandomWindows(path: string): Promise<number> {
  const started = performance.now();
  const raster = await openRaster(path);
  const { width, height, bands } = raster.description;
  const all = Array.from({ length: bands }, (_, band) => band);
  let state = 7;
  const number = (limit: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  for (let count = 0; count < 2_000; count += 1) {
    const x = number(Math.max(1, width - 256));
    const y = number(Math.max(1, height - 256));
    const pixelWindow = { x, y, width: Math.min(256, width), height: Math.min(256, height) };
    await raster.readWindow({ pixelWindow, bands: all });
  }
  const elapsed = performance.now() - started;
  await raster.close();
  return elapsed;
}

async function timeWindows(path: string): Promise<number> {
  const started = performance.now();
  const raster = await openRaster(path);
  const { width, height, bands } = raster.description;
  const all = Array.from({ length: bands }, (_, band) => band);
  for (let y = 0; y < height; y += side) {
    for (let x = 0; x < width; x += side) {
      const pixelWindow = { x, y, width: Math.min(side, width - x), height: Math.min(side, height - y) };
      await raster.readWindow({ pixelWindow, bands: all });
    }
  }
  const elapsed = performance.now() - started;
  await raster.close();
  return elapsed;
}

/** The whole raster at the size of a screen, from the moment of opening. */
async function timeFirstView(path: string): Promise<number> {
  const started = performance.now();
  const raster = await openRaster(path);
  const { width, height } = raster.description;
  const scale = Math.max(width, height) / 1024;
  await raster.readWindow({
    pixelWindow: { x: 0, y: 0, width, height },
    bands: [0],
    outputSize: { width: Math.round(width / scale), height: Math.round(height / scale) },
    resampling: "nearest",
  });
  const elapsed = performance.now() - started;
  await raster.close();
  return elapsed;
}

async function dubaiMosaics(): Promise<string[]> {
  const folder = join(import.meta.dirname, "../../shared/data/dubai/images");
  return existsSync(folder) ? (await readdir(folder)).sort().map((name) => join(folder, name)) : [];
}
