import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { peerPython, runPeer } from "../fixtures/peers.ts";
import { cachedBlockBytes, openRaster } from "../src-main/raster/index.ts";

const side = 512;

const readAllWithRasterio = `
import json, sys, time, random, warnings
warnings.filterwarnings("ignore")
import rasterio
from rasterio.windows import Window
found = {}
for path in sys.argv[1:]:
    started = time.perf_counter()
    with rasterio.open(path) as source:
        for y in range(0, source.height, 512):
            for x in range(0, source.width, 512):
                source.read(window=Window(x, y, min(512, source.width - x), min(512, source.height - y)))
    found[path] = (time.perf_counter() - started) * 1000
print(json.dumps(found))
`;

/**
 * Times reading every 512 × 512 window of rasters once, against rasterio doing the same: the files given, or the mosaics of
 * `../shared/data/dubai`, which have four layouts.
 */
export async function run(words: readonly string[]): Promise<void> {
  const paths = words.length > 0 ? [...words] : await dubaiMosaics();
  if (paths.length === 0) {
    console.log("no rasters: name some, or put ../shared/data/dubai there");
    return;
  }
  const theirs =
    peerPython() === undefined
      ? null
      : z.record(z.string(), z.number()).parse(await runPeer(readAllWithRasterio, paths));
  console.log(
    `| raster | layout | ours, ms | rasterio, ms | ratio | first view, ms |\n| --- | --- | --- | --- | --- | --- |`,
  );
  for (const path of paths) {
    const firstView = await timeFirstView(path);
    const ours = await timeWindows(path);
    const raster = await openRaster(path);
    const { width, height, compression, blockSize } = raster.description;
    await raster.close();
    const rasterio = theirs?.[path];
    const ratio = rasterio === undefined ? "–" : (ours / rasterio).toFixed(2);
    console.log(
      `| ${basename(path)} ${width} × ${height} | ${compression}, ${blockSize.join(" × ")} | ${ours.toFixed(0)} | ${rasterio?.toFixed(0) ?? "–"} | ${ratio} | ${firstView.toFixed(0)} |`,
    );
  }
  const { rss } = process.memoryUsage();
  console.log(
    `resident memory ${Math.round(rss / 2 ** 20)} MB, block cache ${Math.round(cachedBlockBytes() / 2 ** 20)} MB`,
  );
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
