// One export by our engine, in a process of its own: export-side.mjs cog|polygons MASK OUTPUT.
import { copyMask } from "../../src-main/host/exports/copy-mask.ts";
import { exportMaskFile } from "../../src-main/host/exports/index.ts";
import { hostRasterMemory } from "../../src-main/host/raster-memory.ts";
import { configureRaster } from "../../src-main/raster/index.ts";
import { peakMegabytes } from "./peak-megabytes.ts";

const [what = "", mask = "", output = ""] = process.argv.slice(2);

configureRaster(hostRasterMemory);
switch (what) {
  case "cog":
    await copyMask(mask, output, { version: "bench" });
    break;
  case "polygons":
    await exportMaskFile(mask, output, { simplify: 0, minArea: 0 });
    break;
  default:
    throw new Error(`expected cog or polygons, got ${what}`);
}
console.log(JSON.stringify({ peakMegabytes: peakMegabytes() }));
// Decoding threads have nothing left to do.
process.exit(0);
