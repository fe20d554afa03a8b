import type { Case, RoundOutcome } from "../case.ts";
import { SIDE } from "../case.ts";
import { toRpcError } from "#shared/rpc/errors.ts";
import { RunningApp } from "../running-app.ts";
import { Labelling } from "../works/labelling.ts";
import { endOf } from "./killing.ts";

/** Two apps on one project: the second may look and not edit, and says why; when the first is killed, the second edits, and sees what the first had painted. */
export const twoInstances: Case = async (ground, random) => {
  const work = new Labelling(SIDE);
  let first = await RunningApp.start(ground);
  return {
    round: async (): Promise<RoundOutcome> => {
      const losses: string[] = [];
      await work.paint(first, random, 1 + random.integer(6));
      const second = await RunningApp.start(ground, { data: `${ground.base}/second` });
      const refused = await endOf(new Labelling(SIDE).paint(second, random, 1));
      if (refused === null) {
        losses.push("the second app edited labels that the first was editing");
      } else if (!/another Orthomask/.test(toRpcError(refused).message)) {
        losses.push(`the second app doesn't say who edits: ${refused.message}`);
      }
      await work.paint(first, random, 1 + random.integer(6));
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
