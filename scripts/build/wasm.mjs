// Compiles the raster engine's decoders from AssemblyScript to WebAssembly.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rootDirectory } from "../setup/places.mjs";

const source = "src-main/raster/threads/assembly/index.ts";

/** Writes `out/raster-threads/decoders.wasm`; throws with the compiler's own words. */
export async function buildDecoders() {
  const { main } = await import("assemblyscript/asc");
  const output = path.join(rootDirectory, "out/raster-threads/decoders.wasm");
  mkdirSync(path.dirname(output), { recursive: true });
  const { error, stderr } = await main(
    [
      path.join(rootDirectory, source),
      "--outFile=decoders.wasm",
      "--optimizeLevel=3",
      "--shrinkLevel=0",
      "--noAssert",
      "--runtime=stub",
      // Data of the compiler's own stands above the tables that memory.ts places.
      "--memoryBase=86016",
      "--enable=simd",
      "--use=abort=",
    ],
    {
      writeFile: (name, contents) => {
        if (name.endsWith(".wasm")) {
          writeFileSync(output, contents);
        }
      },
    },
  );
  if (error !== null) {
    throw new Error(`${error.message}\n${stderr.toString()}`);
  }
}
