// Runs the benchmarks: `npm run bench` all of them, `npm run bench -- NAME [words]` one (see bench/harness/bench.ts).
import { runnerImport } from "vite";

const { module } = await runnerImport(new URL("harness/run-benches.ts", import.meta.url).pathname);
await module.runBenches(process.argv.slice(2));
