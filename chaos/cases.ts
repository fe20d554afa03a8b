import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { runSchema } from "#shared/training/run.ts";
import type { SeededRandom } from "#shared/training/seeded-random.ts";
import { firstOf } from "./first-of.ts";
import { leftoversOf } from "./leftovers.ts";
import { RunningApp } from "./running-app.ts";
import type { Work } from "./work.ts";
import { Exporting } from "./works/exporting.ts";
import { Labelling } from "./works/labelling.ts";
import { Predicting } from "./works/prediction.ts";
import { Training } from "./works/training.ts";

/** Side of the sample's mosaics, in pixels. */
export const SIDE = 256;

/** Where a case works: a project of its own with one finished run. */
export interface Ground {
  readonly base: string;
  readonly folder: string;
  readonly runId: string;
}

/** What a case came to. */
export interface Outcome {
  rounds: number;
  /** Processes killed and files damaged; one a round unless the case failed on its way. */
  faults: number;
  losses: string[];
}

type Tell = (outcome: Outcome) => void;
/** Carries out rounds of one kind of fault; `tell` hears after each. */
export type Case = (ground: Ground, rounds: number, random: SeededRandom, tell: Tell) => Promise<Outcome>;

/** All faults by name. */
export const cases: Readonly<Record<string, Case>> = {
  "host-labelling": killing("host", () => Promise.resolve(new Labelling(SIDE))),
  "host-training": killing("host", (_, ground) => Promise.resolve(new Training(settingsOf(ground)))),
  "host-prediction": killing("host", (app, { runId }) => Predicting.prepare(app, runId, SIDE)),
  "host-export": killing("host", async (app, { runId }) => {
    await Predicting.prepare(app, runId, SIDE);
    return Exporting.prepare(app, runId);
  }),
  "engine-training": killing("engine", (_, ground) => Promise.resolve(new Training(settingsOf(ground)))),
  "engine-prediction": killing("engine", (app, { runId }) => Predicting.prepare(app, runId, SIDE)),
  "damaged-project-file": damaging(({ folder }) => path.join(folder, "orthomask.json"), true),
  "damaged-run": damaging(
    ({ folder, runId }) => path.join(folder, ".orthomask/runs", runId, "run.json"),
    false,
  ),
};

function settingsOf({ folder, runId }: Ground): ReturnType<typeof runSchema.parse>["settings"] {
  const text = readFileSync(path.join(folder, ".orthomask/runs", runId, "run.json"), "utf8");
  return runSchema.parse(JSON.parse(text)).settings;
}

/** `kill -9` of a process at a random moment of the work, then all is looked at. */
function killing(
  victim: "host" | "engine",
  prepare: (app: RunningApp, ground: Ground) => Promise<Work>,
): Case {
  return async (ground, rounds, random, tell) => {
    const outcome: Outcome = { rounds: 0, faults: 0, losses: [] };
    let app = await RunningApp.start(ground.base, ground.folder);
    const work = await prepare(app, ground);
    while (outcome.rounds < rounds) {
      outcome.rounds += 1;
      const losses: string[] = [];
      const worked = work.run(app, random).then(
        () => null,
        (error: unknown) => error,
      );
      if (victim === "host") {
        await setTimeout(random.next() * work.span);
        const outlived = await app.kill();
        outcome.faults += 1;
        await worked;
        losses.push(...outlived.map(() => "the engine outlived its host"));
        app = await RunningApp.start(ground.base, ground.folder);
      } else {
        await killEngine(app, random.next() * work.span);
        outcome.faults += 1;
        const error = await worked;
        if (error !== null) {
          losses.push(`the work ended without a word: ${error instanceof Error ? error.message : "?"}`);
        }
      }
      losses.push(...(await work.check(app).catch((error: unknown) => [String(error)])));
      losses.push(...(await leftoversOf(ground.folder)));
      outcome.losses.push(...losses.map((loss) => `round ${outcome.rounds}: ${loss}`));
      tell(outcome);
    }
    await app.close();
    return outcome;
  };
}

/** Kills the engine once it is there; throws where it never comes, since the work might then go on for hours. */
async function killEngine(app: RunningApp, delay: number): Promise<void> {
  await setTimeout(delay);
  for (let waited = 0; waited < 10_000; waited += 20) {
    const pid = app.enginePid();
    if (pid !== null) {
      process.kill(pid, "SIGKILL");
      return;
    }
    await setTimeout(20);
  }
  throw new Error("the work started no engine within 10 s");
}

/** A file of ours cut short or overwritten at a random place: the version before counts, and the damaged one is kept aside. */
function damaging(pathOf: (ground: Ground) => string, isSavedFirst: boolean): Case {
  return async (ground, rounds, random, tell) => {
    const outcome: Outcome = { rounds: 0, faults: 0, losses: [] };
    const filePath = pathOf(ground);
    const folder = path.dirname(filePath);
    const keptAside = (): number => readdirSync(folder).filter((name) => name.includes(".damaged-")).length;
    while (outcome.rounds < rounds) {
      outcome.rounds += 1;
      const losses: string[] = [];
      const before = await RunningApp.start(ground.base, ground.folder);
      const name = `Round ${outcome.rounds}`;
      await change(before, ground, isSavedFirst, name);
      await before.close();
      const asideBefore = keptAside();
      const bytes = readFileSync(filePath);
      const at = random.integer(bytes.length - 2);
      writeFileSync(filePath, random.integer(2) === 0 ? bytes.subarray(0, at) : bytes.fill(0, at));
      outcome.faults += 1;
      const app = await RunningApp.start(ground.base, ground.folder);
      const runs = await firstOf(app.client.runs.watch({ projectId: app.projectId }));
      const snapshot = await firstOf(app.client.projects.watch({ projectId: app.projectId }));
      const kept = isSavedFirst
        ? snapshot?.classes[0]?.name
        : runs?.find(({ id }) => id === ground.runId)?.name;
      if (kept !== name) {
        losses.push(`${name} had been saved, ${String(kept)} is there`);
      }
      const told =
        snapshot?.problems.some(({ message }) => message.includes(path.basename(filePath))) ?? false;
      if (!told) {
        losses.push("nothing tells of the damage");
      }
      // The project file is kept aside by the first save.
      await change(app, ground, isSavedFirst, `${name} again`);
      await app.close();
      if (keptAside() !== asideBefore + 1) {
        losses.push("the damaged file wasn't kept aside");
      }
      outcome.losses.push(...losses.map((loss) => `round ${outcome.rounds}: ${loss}`));
      tell(outcome);
    }
    return outcome;
  };
}

async function change(app: RunningApp, { runId }: Ground, isClasses: boolean, name: string): Promise<void> {
  const { projectId } = app;
  if (!isClasses) {
    await app.client.runs.rename({ projectId, runId, name });
    return;
  }
  const snapshot = await firstOf(app.client.projects.watch({ projectId }));
  const classes = (snapshot?.classes ?? []).map((one, index) => (index === 0 ? { ...one, name } : one));
  await app.client.projects.setClasses({ projectId, classes });
}
