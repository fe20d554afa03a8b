import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { runSchema } from "#shared/training/run.ts";
import type { EpochRecord, Run } from "#shared/training/run.ts";
import { CheckpointFile } from "../../src-main/engine/weights/checkpoint.ts";
import type { Ground } from "../case.ts";
import { firstOf } from "../first-of.ts";
import type { RunningApp } from "../running-app.ts";
import type { Work } from "../work.ts";

const EPOCHS = 12;
/** Numbers of an epoch that another training with the same seed must come to. */
const compared = ["loss", "valLoss", "valMeanIou"] as const;

/** Trainings that are cut short, gone on with, and must come to what an undisturbed one comes to, epoch by epoch. */
export class Training implements Work {
  readonly span: Work["span"];
  readonly #settings: Run["settings"];
  readonly #reference: readonly EpochRecord[];
  #runId: string | null = null;
  #acknowledged = 0;

  private constructor(settings: Run["settings"], reference: readonly EpochRecord[], milliseconds: number) {
    this.#settings = settings;
    this.#reference = reference;
    // About three epochs, and what comes before the first.
    this.span = [0, (milliseconds / EPOCHS) * 4];
  }

  /** Trains once undisturbed. */
  static async prepare(this: void, app: RunningApp, ground: Ground): Promise<Training> {
    const { projectId } = app;
    const settings = { ...ground.settings, epochs: EPOCHS };
    await app.startEngine();
    const begun = performance.now();
    const { runId, jobId } = await app.client.training.start({ projectId, settings, name: "Undisturbed" });
    const state = await app.ended(jobId);
    if (state.kind !== "succeeded") {
      throw new Error(`The undisturbed training ended ${JSON.stringify(state)}.`);
    }
    const { history } = runOf(directoryOf(app, runId));
    return new Training(settings, history, performance.now() - begun);
  }

  async run(app: RunningApp): Promise<void> {
    const { projectId } = app;
    let jobId: string;
    if (this.#runId === null) {
      const started = await app.client.training.start({ projectId, settings: this.#settings, name: "Chaos" });
      this.#runId = started.runId;
      this.#acknowledged = 0;
      jobId = started.jobId;
    } else {
      jobId = (await app.client.training.resume({ projectId, runId: this.#runId })).jobId;
    }
    // It ends with the app, or with the training.
    void this.#count(app, this.#runId).catch(() => undefined);
    await app.ended(jobId);
  }

  async #count(app: RunningApp, runId: string): Promise<void> {
    for await (const event of app.client.training.watch({ projectId: app.projectId, runId })) {
      if (event.kind === "epoch" && runId === this.#runId) {
        this.#acknowledged = Math.max(this.#acknowledged, event.record.epoch);
      }
    }
  }

  async check(app: RunningApp): Promise<string[]> {
    const runId = this.#runId;
    if (runId === null) {
      return [];
    }
    const runs = await firstOf(app.client.runs.watch({ projectId: app.projectId }));
    const shown = runs?.find(({ id }) => id === runId);
    if (shown === undefined) {
      // Killed before its folder was written: nobody had been told of it if nothing was acknowledged.
      this.#runId = null;
      return this.#acknowledged === 0 ? [] : [`the run with ${this.#acknowledged} epochs is gone`];
    }
    const directory = directoryOf(app, runId);
    const { history } = runOf(directory);
    const losses: string[] = [];
    if (history.length < this.#acknowledged) {
      losses.push(`${this.#acknowledged} epochs were told of, ${history.length} are kept`);
    }
    losses.push(...this.#differences(history), ...stateTrouble(shown, history.length));
    const names = history.length === 0 ? [] : ["last.weights", "best.weights"];
    losses.push(...names.flatMap((name) => weightsTrouble(path.join(directory, name))));
    this.#acknowledged = history.length;
    if (history.length === EPOCHS) {
      await app.client.runs.remove({ projectId: app.projectId, runId });
      this.#runId = null;
    }
    return losses;
  }

  /** Where a training that was cut short and gone on with isn't the undisturbed one. */
  #differences(history: readonly EpochRecord[]): string[] {
    return history.flatMap((record, index) => {
      const expected = this.#reference[index];
      if (record.epoch !== index + 1 || expected === undefined) {
        return [`epoch ${record.epoch} stands at place ${index + 1}`];
      }
      return compared.flatMap((key) =>
        Math.abs(record[key] - expected[key]) <= 1e-6 * Math.max(1, Math.abs(expected[key]))
          ? []
          : [`${key} of epoch ${record.epoch} is ${record[key]}, undisturbed ${expected[key]}`],
      );
    });
  }
}

function directoryOf(app: RunningApp, runId: string): string {
  return path.join(app.folder, ".orthomask/runs", runId);
}

function runOf(directory: string): Run {
  return runSchema.parse(JSON.parse(readFileSync(path.join(directory, "run.json"), "utf8")));
}

function stateTrouble({ state }: Run, epochs: number): string[] {
  if (state.kind === "finished") {
    return epochs === EPOCHS ? [] : [`the run calls itself finished after ${epochs} epochs`];
  }
  if (state.kind !== "interrupted" && state.kind !== "failed") {
    return [`the run is ${state.kind}, which doesn't say that it was cut short`];
  }
  if (state.kind === "failed" && !/stopped|killed|memory|disk is full/.test(state.message)) {
    return [`the run doesn't say that the engine was killed: ${state.message}`];
  }
  return [];
}

function weightsTrouble(filePath: string): string[] {
  if (!existsSync(filePath)) {
    return [`there is no ${path.basename(filePath)}`];
  }
  try {
    const file = new CheckpointFile(filePath);
    for (const [name, shape] of file.shapes) {
      if (!file.values(name, shape).every(Number.isFinite)) {
        throw new Error(`${name} holds what is no number`);
      }
    }
    file.close();
    return [];
  } catch (error) {
    return [`${path.basename(filePath)} can't be read: ${String(error)}`];
  }
}
