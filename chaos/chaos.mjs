// `npm run chaos [-- --seed N --rounds N --only CASE]`: kills and damages the built app, and counts what is lost (see docs/faults.md).
import { runnerImport } from "vite";

const { module } = await runnerImport(new URL("run-chaos.ts", import.meta.url).pathname);
process.exitCode = await module.runChaos(process.argv.slice(2));
