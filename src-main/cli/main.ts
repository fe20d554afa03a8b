// The `orthomask` program.
import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { engineLauncher } from "../host/engine-process.ts";
import { noShell } from "../host/ports/no-shell.ts";
import { userDirectories } from "../host/user-directories.ts";
import { registerCacheCommand } from "./cache.ts";
import { registerCompareCommand } from "./compare.ts";
import { registerDoctorCommand } from "./doctor-command.ts";
import { registerEvaluateCommand } from "./evaluate.ts";
import { registerExportCommand } from "./export.ts";
import { registerInfoCommand } from "./info.ts";
import { registerLabelCommand } from "./label.ts";
import { registerModelsCommand } from "./models.ts";
import { registerPredictCommand } from "./predict.ts";
import { registerRelocateCommand } from "./relocate.ts";
import { registerReportCommand } from "./report.ts";
import { registerRunsCommand } from "./runs.ts";
import { exitCodes, runProgram } from "./run-program.ts";
import { registerSampleCommand } from "./sample.ts";
import { registerServeCommand } from "./serve.ts";
import { registerSplitCommand } from "./split.ts";
import { registerTrainCommand } from "./train.ts";

/** `out/`, where the built parts lie beside each other. */
const out = path.resolve(import.meta.dirname, "..");
const interruption = new AbortController();
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(path.join(out, "../package.json"), "utf8")));

for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (interruption.signal.aborted) {
      // Asked twice: whoever asks doesn't want to wait for a clean end.
      process.exit(exitCodes.interrupted);
    }
    interruption.abort();
  });
}
// `orthomask … | head` closes our stdout early: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? exitCodes.done : exitCodes.failed);
});

process.exitCode = await runProgram(
  process.argv.slice(2),
  [
    registerInfoCommand,
    registerSampleCommand,
    registerTrainCommand,
    registerPredictCommand,
    registerEvaluateCommand,
    registerRunsCommand,
    registerCompareCommand,
    registerReportCommand,
    registerSplitCommand,
    registerLabelCommand,
    registerExportCommand,
    registerModelsCommand,
    registerRelocateCommand,
    (program, io) => {
      registerServeCommand(program, io, { serverPath: path.join(out, "server/server.mjs") });
    },
    registerCacheCommand,
    registerDoctorCommand,
  ],
  {
    version,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interruption.signal,
    hostOptions: () => ({
      ...userDirectories(),
      engine: engineLauncher(path.join(out, "engine/engine.mjs")),
      shell: noShell({ download: false }),
      allowedRoots: "anywhere",
      initialFolder: null,
      version,
    }),
  },
);
