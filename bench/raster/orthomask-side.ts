// Readings of one raster by our engine, in a process of its own: orthomask-side.mjs PATH in-order|random TIMES.
import { hostRasterMemory } from "../../src-main/host/raster-memory.ts";
import { configureRaster, openRaster } from "../../src-main/raster/index.ts";
import { peakMegabytes } from "./peak-megabytes.ts";
import { readWindows } from "./read-windows.ts";

const [path = "", work = "", times = "1"] = process.argv.slice(2);

configureRaster(hostRasterMemory);
const milliseconds: number[] = [];
let firstPixels = 0;
for (let time = 0; time < Number(times); time += 1) {
  const before = performance.now();
  const raster = await openRaster(path);
  firstPixels = await readWindows(raster, work);
  milliseconds.push(performance.now() - before);
  await raster.close();
}
console.log(JSON.stringify({ milliseconds, peakMegabytes: peakMegabytes(), firstPixels }));
// Decoding threads have nothing left to do.
process.exit(0);
