import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Case, RoundOutcome } from "../case.ts";
import { leftoversOf } from "../leftovers.ts";
import { RunningApp } from "../running-app.ts";
import { Training } from "../works/training.ts";
import { endOf, within } from "./killing.ts";

/** The engine gets no more memory than it has, at a random moment of a training: the run says why it failed and keeps its epochs, and goes on when there is memory again. */
export const engineMemory: Case = async (ground, random) => {
  try {
    execFileSync("prlimit", ["--version"]);
  } catch {
    return { skipped: "there is no prlimit" };
  }
  const app = await RunningApp.start(ground);
  const work = await Training.prepare(app, ground);
  return {
    round: async (): Promise<RoundOutcome> => {
      await app.startEngine();
      const worked = endOf(work.run(app));
      await setTimeout(within(work.span, random.next()));
      const pid = app.enginePid();
      if (pid === null) {
        throw new Error("There was no engine to limit.");
      }
      const kilobytes = Number(/^VmSize:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
      const bytes = kilobytes * 1024 + random.integer(4 << 20);
      execFileSync("prlimit", ["--pid", String(pid), `--as=${bytes}`]);
      const error = await worked;
      const losses = error === null ? [] : [`the work ended without a word: ${error.message}`];
      losses.push(...(await work.check(app)), ...(await leftoversOf(ground.folder)));
      // An engine that did with what it had is ended, for the next round to begin with a fresh one.
      const left = app.enginePid();
      if (left !== null) {
        process.kill(left, "SIGKILL");
        await setTimeout(200);
      }
      return { faults: 1, losses };
    },
    close: () => app.close(),
  };
};
