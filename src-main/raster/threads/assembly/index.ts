// AssemblyScript. What the module offers; scripts/build/wasm.mjs compiles it, threads/wasm-decoders.ts calls it.
import { firstFree } from "./memory";

export { inflate } from "./inflate";
export { decodeLzw } from "./lzw";
export { undoDifferences } from "./predictor";

/** The first byte of memory that the host may use. */
export function dataStart(): usize {
  return firstFree > __heap_base ? firstFree : (__heap_base + 15) & ~15;
}
