// `npm run soak [-- --minutes N --no-page]`: label → train → predict → export in a loop, and whether memory, handles and disk stay flat (see docs/faults.md).
import { runnerImport } from "vite";

const controller = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    process.stderr.write("The round in hand is finished first; once more ends at once.\n");
    controller.abort();
  });
}
const { module } = await runnerImport(new URL("soak/run-soak.ts", import.meta.url).pathname);
process.exitCode = await module.runSoak(process.argv.slice(2), controller.signal);
