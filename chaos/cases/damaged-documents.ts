import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Case, Ground, RoundOutcome } from "../case.ts";
import { damage } from "../damage.ts";
import { firstOf } from "../first-of.ts";
import { RunningApp } from "../running-app.ts";

/** A file of ours that can be read as JSON, and a name in it that a user changes. */
interface Document {
  pathOf(ground: Ground): string;
  change(app: RunningApp, ground: Ground, name: string): Promise<void>;
  nameIn(app: RunningApp, ground: Ground): Promise<string | undefined>;
}

const projectFile: Document = {
  pathOf: ({ folder }) => path.join(folder, "orthomask.json"),
  change: async ({ client, projectId }, _, name) => {
    const snapshot = await firstOf(client.projects.watch({ projectId }));
    const classes = (snapshot?.classes ?? []).map((one, index) => (index === 0 ? { ...one, name } : one));
    await client.projects.setClasses({ projectId, classes });
  },
  nameIn: async ({ client, projectId }) =>
    (await firstOf(client.projects.watch({ projectId })))?.classes[0]?.name,
};

const runFile: Document = {
  pathOf: ({ folder, runId }) => path.join(folder, ".orthomask/runs", runId, "run.json"),
  change: ({ client, projectId }, { runId }, name) => client.runs.rename({ projectId, runId, name }),
  nameIn: async ({ client, projectId }, { runId }) =>
    (await firstOf(client.runs.watch({ projectId })))?.find(({ id }) => id === runId)?.name,
};

/** The project's file is damaged: the version saved last counts, and the damaged one is kept aside by the first save. */
export const damagedProjectFile: Case = damaging(projectFile);
/** `run.json` is damaged: the run is shown as it was saved last, and the damaged one is kept aside. */
export const damagedRun: Case = damaging(runFile);

function damaging(document: Document): Case {
  return async (ground, random) => {
    const filePath = document.pathOf(ground);
    const keptAside = (): number =>
      readdirSync(path.dirname(filePath)).filter((name) => name.includes(".damaged-")).length;
    let count = 0;
    let app = await RunningApp.start(ground);
    return {
      round: async (): Promise<RoundOutcome> => {
        count += 1;
        const name = `Name ${count}`;
        await document.change(app, ground, name);
        await app.close();
        const asideBefore = keptAside();
        const good = readFileSync(filePath, "utf8");
        damage(filePath, random);
        const damaged = readFileSync(filePath, "utf8");
        app = await RunningApp.start(ground);
        const losses: string[] = [];
        const found = await document.nameIn(app, ground);
        const snapshot = await firstOf(app.client.projects.watch({ projectId: app.projectId }));
        const told = snapshot?.problems.some(({ message }) => message.includes(path.basename(filePath)));
        if (told !== true && isHarmless(good, damaged)) {
          // A bit flipped in a name or a number leaves a file of the right form: nobody can know.
          await document.change(app, ground, name);
          return { faults: 1, losses };
        }
        if (found !== name) {
          losses.push(`"${name}" had been saved, "${String(found)}" is there`);
        }
        if (told !== true) {
          losses.push("nothing tells of the damage");
        }
        await document.change(app, ground, `${name} again`);
        if (keptAside() !== asideBefore + 1) {
          losses.push("the damaged file wasn't kept aside");
        }
        return { faults: 1, losses };
      },
      close: () => app.close(),
    };
  };
}

/** Whether what a damaged file says is still of the same form: the same keys with values of the same kinds. */
function isHarmless(good: string, now: string): boolean {
  try {
    return formOf(JSON.parse(now)) === formOf(JSON.parse(good));
  } catch {
    return false;
  }
}

function formOf(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(formOf).join()}]`;
  }
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${key}:${formOf(inner)}`)
      .join()}}`;
  }
  return value === null ? "null" : typeof value;
}
