// All works of the raster engine in one process, as one host does them in a day: together-side.mjs MASK FOLDER RASTER….
import { join } from "node:path";
import { copyMask } from "../../src-main/host/exports/copy-mask.ts";
import { exportMaskFile } from "../../src-main/host/exports/index.ts";
import { hostRasterMemory } from "../../src-main/host/raster-memory.ts";
import { configureRaster, openRaster } from "../../src-main/raster/index.ts";
import { peakMegabytes } from "./peak-megabytes.ts";
import { readWindows } from "./read-windows.ts";

const [mask = "", folder = "", ...rasters] = process.argv.slice(2);

configureRaster(hostRasterMemory);
/** The largest memory up to the end of each work. */
const peaks: { readonly work: string; readonly peakMegabytes: number }[] = [];
for (const [work, words] of [
  ["in-order", "all windows in order"],
  ["random", "windows in random order, as of a training"],
] as const) {
  for (const path of rasters) {
    const raster = await openRaster(path);
    await readWindows(raster, work);
    await raster.close();
  }
  peaks.push({ work: words, peakMegabytes: peakMegabytes() });
}
await copyMask(mask, join(folder, "together.tif"), { version: "bench" });
peaks.push({ work: "COG of a mask", peakMegabytes: peakMegabytes() });
await exportMaskFile(mask, join(folder, "together.gpkg"), { simplify: 0, minArea: 0 });
peaks.push({ work: "its polygons", peakMegabytes: peakMegabytes() });
console.log(JSON.stringify(peaks));
// Decoding threads have nothing left to do.
process.exit(0);
