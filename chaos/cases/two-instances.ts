import type { Case, RoundOutcome } from "../case.ts";
import { SIDE } from "../case.ts";
import { RunningApp } from "../running-app.ts";
import { Labelling } from "../works/labelling.ts";

/** Two apps on one project take turns at its labels, each over what the other has painted; when the first is killed, the second has all of it and goes on. */
export const twoInstances: Case = async (ground, random) => {
  const work = new Labelling(SIDE);
  let first = await RunningApp.start(ground);
  return {
    round: async (): Promise<RoundOutcome> => {
      const losses: string[] = [];
      await work.paint(first, random, 1 + random.integer(6));
      const second = await RunningApp.start(ground, { data: `${ground.base}/second` });
      for (const app of [second, first]) {
        await work.paint(app, random, 1 + random.integer(6));
        losses.push(...(await work.check(app)));
      }
      losses.push(...(await first.kill()).map((command) => `${command} outlived its host`));
      losses.push(...(await work.check(second)));
      await work.paint(second, random, 1);
      losses.push(...(await work.check(second)));
      first = second;
      return { faults: 1, losses };
    },
    close: () => first.close(),
  };
};
