import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Case, Ground, RoundOutcome } from "../case.ts";
import { leftoversOf } from "../leftovers.ts";
import { RunningApp } from "../running-app.ts";
import type { Work } from "../work.ts";

type Prepare = (app: RunningApp, ground: Ground) => Promise<Work>;

/** After its engine was killed, work that needs none goes on for so long. */
const MILLISECONDS_AFTER_THE_ENGINE = 100;
const MOST_MILLISECONDS_UNTIL_REAPED = 20_000;

/** `kill -9` of the host at a random moment of the work; then the app is started again and all is looked at. */
export function killingHost(prepare: Prepare): Case {
  return async (ground, random) => {
    let app = await RunningApp.start(ground);
    const work = await prepare(app, ground);
    return {
      round: async (): Promise<RoundOutcome> => {
        const controller = new AbortController();
        const worked = endOf(work.run(app, random, { stop: controller.signal }));
        await setTimeout(within(work.span, random.next()));
        const outlived = await app.kill();
        controller.abort();
        await worked;
        const losses = outlived.map((command) => `${command} outlived its host`);
        losses.push(...((await work.whileDown?.()) ?? []));
        app = await RunningApp.start(ground);
        losses.push(...(await work.check(app)), ...(await leftoversOf(ground.folder)));
        return { faults: 1, losses };
      },
      close: () => app.close(),
    };
  };
}

/** `kill -9` of the engine at a random moment of the work; the app goes on, and says so where the work can't. */
export function killingEngine(prepare: Prepare): Case {
  return async (ground, random) => {
    let app = await RunningApp.start(ground);
    const work = await prepare(app, ground);
    return {
      round: async (): Promise<RoundOutcome> => {
        if (work.whileDown !== undefined) {
          // Work that begins when the app is opened.
          await app.close();
          await work.whileDown();
          app = await RunningApp.start(ground);
        }
        await app.startEngine();
        const controller = new AbortController();
        const worked = endOf(work.run(app, random, { stop: controller.signal }));
        await setTimeout(within(work.span, random.next()));
        const pid = app.enginePid();
        if (pid === null) {
          controller.abort();
          throw new Error("There was no engine to kill.");
        }
        process.kill(pid, "SIGKILL");
        await setTimeout(MILLISECONDS_AFTER_THE_ENGINE);
        await untilReaped(pid);
        controller.abort();
        const error = await worked;
        const losses = error === null ? [] : [`the work ended without a word: ${error.message}`];
        losses.push(...(await work.check(app)), ...(await leftoversOf(ground.folder)));
        return { faults: 1, losses };
      },
      close: () => app.close(),
    };
  };
}

/** Waits until the host has learned of its child's death, which takes a busy machine seconds: what is begun before goes down with that engine, and rightly. */
async function untilReaped(pid: number): Promise<void> {
  for (let waited = 0; existsSync(`/proc/${pid}`) && waited < MOST_MILLISECONDS_UNTIL_REAPED; waited += 20) {
    await setTimeout(20);
  }
}

export function within([from, to]: readonly [number, number], share: number): number {
  return from + share * (to - from);
}

/** What a promise rejected with, null where it didn't. */
export function endOf(work: Promise<unknown>): Promise<Error | null> {
  return work.then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}
