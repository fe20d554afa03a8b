// The way in for code that only writes files: `raster/index.ts` also loads native decoders.
export { createAtomicFile, syncFolder, writeError, writeFully } from "./atomic-file.ts";
export { isRunning, startTicksOf } from "./process-mark.ts";
export { sweepLeftovers, temporaryPath } from "./temporary-files.ts";
