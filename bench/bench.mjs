// Runs one benchmark written in TypeScript: `node bench/bench.mjs raster-windows [words]`.
import { runnerImport } from "vite";

const [name, ...words] = process.argv.slice(2);
if (name === undefined) {
  console.error("usage: node bench/bench.mjs NAME [words], with NAME one of the .ts files in bench/");
  process.exit(2);
}
const { module } = await runnerImport(new URL(`${name}.ts`, import.meta.url).pathname);
await module.run(words);
