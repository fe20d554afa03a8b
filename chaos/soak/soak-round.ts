import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import type { SeededRandom } from "#shared/training/seeded-random.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";
import { firstOf } from "../first-of.ts";
import type { RunningApp } from "../running-app.ts";
import { startExport } from "../works/exporting.ts";

/** Steps that the labels' history keeps at most; it grows until there are so many, by design. */
const HISTORY_STEPS = 2000;
/** The steps of a round, each of which is shown in a mode of its own. */
export type SoakStep = "label" | "train" | "predict" | "export";

const EDITS = 12;
const UNDONE = 4;

/** Paints so many steps that the history of both mosaics is at its limit, so that it doesn't grow while it is watched. */
export async function fillHistory(
  app: RunningApp,
  random: SeededRandom,
  side: number,
  signal: AbortSignal,
): Promise<void> {
  for (let step = 0; step < 2 * HISTORY_STEPS && !signal.aborted; step++) {
    await paint(app, random, side, step % 2);
  }
}

/**
 * What a user does in a day, once: labels and takes some steps back, trains, looks at the matrix, predicts, looks at the mask, exports, and throws away the run before.
 * Throws where a step fails. Answers the run, for the next round to remove.
 */
export async function soakRound(
  app: RunningApp,
  given: {
    readonly settings: TrainingSettings;
    readonly side: number;
    readonly random: SeededRandom;
    readonly earlierRunId: string | null;
    /** Told of each step's beginning. */
    readonly tell: (step: SoakStep) => Promise<void>;
  },
): Promise<string> {
  const { projectId, client, mosaicIds } = app;
  const whole = { x: 0, y: 0, width: given.side, height: given.side };
  await given.tell("label");
  for (let edit = 0; edit < EDITS; edit++) {
    await paint(app, given.random, given.side, edit % 2);
  }
  for (let undone = 0; undone < UNDONE; undone++) {
    await client.labels.undo({ projectId });
  }

  await given.tell("train");
  const { runId, jobId } = await client.training.start({
    projectId,
    settings: given.settings,
    name: "Soak",
  });
  const watched = watchEpochs(app, runId, given.settings.epochs);
  await succeed(app, jobId, "training");
  await watched;
  await client.evaluation.report({ projectId, runId, area: { kind: "validation" } });

  await given.tell("predict");
  const request = { projectId, runId, mosaicIds: [...mosaicIds], overlap: 0.25, viewed: [] };
  await succeed(app, (await client.predictions.start(request)).jobId, "prediction");
  for (const mosaicId of mosaicIds) {
    const source = { kind: "prediction", runId } as const;
    const size = { width: 256, height: 256 };
    await client.rasters.tile({ projectId, mosaicId, source, pixelWindow: whole, size });
  }

  await given.tell("export");
  await succeed(app, await startExport(app, runId), "export");
  throwAwayExports(app.folder);
  if (given.earlierRunId !== null) {
    await client.runs.remove({ projectId, runId: given.earlierRunId });
  }
  await firstOf(client.runs.watch({ projectId }));
  return runId;
}

async function paint(app: RunningApp, random: SeededRandom, side: number, mosaic: number): Promise<void> {
  const [x, y] = [random.integer(side - 40), random.integer(side - 40)];
  const [width, height] = [8 + random.integer(32), 8 + random.integer(32)];
  const ring: [number, number][] = [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
  await app.client.labels.edit({
    projectId: app.projectId,
    mosaicId: app.mosaicIds[mosaic] as string,
    edit: {
      name: "Rectangle",
      parts: [
        {
          paintId: app.classIds[random.integer(app.classIds.length)] as number,
          shape: { kind: "polygon", rings: [ring] },
        },
      ],
      rules: { lockedIds: [], onlyUnlabelled: false },
    },
  });
}

/** Listens as the page does, until the last epoch. */
async function watchEpochs(app: RunningApp, runId: string, epochs: number): Promise<void> {
  for await (const event of app.client.training.watch({ projectId: app.projectId, runId })) {
    const isOver = event.kind === "run" && !["queued", "running"].includes(event.run.state.kind);
    if (isOver || (event.kind === "epoch" && event.record.epoch >= epochs)) {
      return;
    }
  }
}

async function succeed(app: RunningApp, jobId: string, what: string): Promise<void> {
  const state = await app.ended(jobId);
  if (state.kind !== "succeeded") {
    throw new Error(`The ${what} ended ${JSON.stringify(state)}.`);
  }
}

/** As a user does with files they have taken elsewhere; throws where there are none. */
function throwAwayExports(folder: string): void {
  const exportsFolder = path.join(folder, ".orthomask/exports");
  if (!existsSync(exportsFolder) || readdirSync(exportsFolder, { recursive: true }).length < 4) {
    throw new Error("The export succeeded, and its files aren't there.");
  }
  rmSync(exportsFolder, { recursive: true, force: true });
}
