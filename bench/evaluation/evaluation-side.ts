// Comparing two masks by our engine, in a process of its own: evaluation-side.mjs TRUTH PREDICTION.
import { compareFolders } from "../../src-main/host/evaluation/compare-folders.ts";
import { hostRasterMemory } from "../../src-main/host/raster-memory.ts";
import { configureRaster } from "../../src-main/raster/index.ts";
import { peakMegabytes } from "../raster/peak-megabytes.ts";

const [truth = "", prediction = ""] = process.argv.slice(2);

configureRaster(hostRasterMemory);
const before = performance.now();
const { report } = await compareFolders(truth, prediction);
console.log(
  JSON.stringify({
    milliseconds: performance.now() - before,
    peakMegabytes: peakMegabytes(),
    classIds: report.classes.map(({ id }) => id),
    confusion: report.confusion,
  }),
);
// Decoding threads have nothing left to do.
process.exit(0);
