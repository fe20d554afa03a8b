import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { peerPython, runPeer } from "../fixtures/peers.ts";
import { openRaster } from "../src-main/raster/index.ts";
import { sampleOf } from "./harness/bench.ts";
import type { Bench, BenchRow } from "./harness/bench.ts";

const side = 512;

const measuredSchema = z.object({ version: z.string(), milliseconds: z.record(z.string(), z.number()) });

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
    found["milliseconds"][path] = (time.perf_counter() - started) * 1000
print(json.dumps(found))
`;

/** Reading every 512 × 512 window of rasters once: the files given as words, or the mosaics of `../shared/data/dubai`. */
export const bench: Bench = {
  title: "Raster windows against rasterio",
  method:
    "All 512 × 512 windows of a mosaic read once, all bands, in one process each; the first view is the whole raster at 1024 pixels, from the moment of opening.",
  run: async (words) => {
    const paths = words.length > 0 ? words : await dubaiMosaics();
    const theirs =
      peerPython() === undefined || paths.length === 0
        ? null
        : measuredSchema.parse(await runPeer(readAllWithRasterio, paths));
    const rows: BenchRow[] = [];
    for (const path of paths) {
      const raster = await openRaster(path);
      const { width, height, compression, blockSize } = raster.description;
      await raster.close();
      const work = `${basename(path)} ${width} × ${height}, ${compression}, blocks ${blockSize.join(" × ")}`;
      const firstView = sampleOf([await timeFirstView(path)]);
      const ours = sampleOf([await timeWindows(path)]);
      const rasterio = theirs?.milliseconds[path];
      const peer = rasterio === undefined ? null : { name: "rasterio", sample: sampleOf([rasterio]) };
      rows.push(
        { work, measure: "all windows", unit: "ms", ours, peer, target: null },
        { work, measure: "first view", unit: "ms", ours: firstView, peer: null, target: null },
      );
    }
    return { versions: theirs === null ? {} : { rasterio: theirs.version }, rows };
  },
};

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
