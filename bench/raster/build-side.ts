import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { build } from "vite";

const root = path.join(import.meta.dirname, "../..");

/**
 * Bundles one of the programs (of this folder, or another) that are our side, and the engine's threads; answers where it lies. Run from its source,
 * it would be measured with the bundler in its memory.
 */
export async function buildSide(
  name: "orthomask-side" | "export-side" | "together-side" | "evaluation-side",
  folder = import.meta.dirname,
): Promise<string> {
  // A process of its own, since it imports as it goes along, which a module that is run by Vite can't.
  await promisify(execFile)(process.execPath, [path.join(root, "scripts/build/build.mjs"), "raster-threads"]);
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    build: {
      ssr: true,
      target: "node20",
      // Beside out/raster-threads, where the engine looks for its threads.
      outDir: "out/bench",
      emptyOutDir: true,
      copyPublicDir: false,
      minify: false,
      rolldownOptions: {
        input: { [name]: path.join(folder, `${name}.ts`) },
        output: { format: "es", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" },
      },
    },
  });
  return path.join(root, `out/bench/${name}.mjs`);
}
