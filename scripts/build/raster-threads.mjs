// Builds the raster engine's decoding threads and their decoders, which are files of their own: for tests and benchmarks, which run everything else
// from its source.
import { buildAll } from "./build.mjs";

/** A set-up step of Vitest's; also called before a benchmark. */
export default async function buildRasterThreads() {
  await buildAll(["raster-threads"]);
}
