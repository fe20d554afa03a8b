import { readdirSync } from "node:fs";
import path from "node:path";
import type { Case, RoundOutcome } from "../case.ts";
import { SIDE } from "../case.ts";
import { damage } from "../damage.ts";
import { firstOf } from "../first-of.ts";
import { RunningApp } from "../running-app.ts";
import { Labelling } from "../works/labelling.ts";

/** The journal of the labels is damaged after the app was closed in order: all pixels stay, and what can't be read is kept aside and told of. */
export const damagedJournal: Case = async (ground, random) => {
  const labels = path.join(ground.folder, ".orthomask/labels");
  const files = (): string[] => readdirSync(labels, { recursive: true, encoding: "utf8" });
  const keptAside = (): number => files().filter((name) => name.includes("journal.damaged-")).length;
  const work = new Labelling(SIDE);
  let app = await RunningApp.start(ground);
  return {
    round: async (): Promise<RoundOutcome> => {
      await work.paint(app, random, 1 + random.integer(12));
      await app.close();
      const journal = files().find((name) => path.basename(name) === "journal");
      if (journal === undefined) {
        throw new Error("There is no journal to damage.");
      }
      const before = keptAside();
      damage(path.join(labels, journal), random);
      app = await RunningApp.start(ground);
      const losses = await work.check(app, { mayTell: true });
      const snapshot = await firstOf(app.client.projects.watch({ projectId: app.projectId }));
      const told = snapshot?.problems.some(({ message }) => message.includes("journal")) === true;
      if (told !== keptAside() > before) {
        losses.push(
          told ? "a journal is told of that isn't kept" : "nothing tells of the journal that is kept aside",
        );
      }
      return { faults: 1, losses };
    },
    close: () => app.close(),
  };
};
