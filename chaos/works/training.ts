import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { runSchema } from "#shared/training/run.ts";
import type { Run } from "#shared/training/run.ts";
import { CheckpointFile } from "../../src-main/engine/weights/checkpoint.ts";
import { firstOf } from "../first-of.ts";
import type { RunningApp } from "../running-app.ts";
import type { Work } from "../work.ts";

/** A training of more epochs than anybody waits for; finished epochs are counted as the page hears of them. */
export class Training implements Work {
  readonly span = 2500;
  readonly #settings: Run["settings"];
  #runId: string | null = null;
  #acknowledged = 0;

  constructor(settings: Run["settings"]) {
    this.#settings = settings;
  }

  async run(app: RunningApp): Promise<void> {
    const { projectId } = app;
    if (this.#acknowledged > 40) {
      this.#runId = null;
      this.#acknowledged = 0;
    }
    let jobId: string;
    if (this.#runId === null) {
      const settings = { ...this.#settings, epochs: 10_000 };
      const started = await app.client.training.start({ projectId, settings, name: "Chaos" });
      this.#runId = started.runId;
      jobId = started.jobId;
    } else {
      jobId = (await app.client.training.resume({ projectId, runId: this.#runId })).jobId;
    }
    // It ends with the app, or not at all.
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
    const losses: string[] = [];
    const directory = path.join(app.folder, ".orthomask/runs", runId);
    const run = runSchema.parse(JSON.parse(readFileSync(path.join(directory, "run.json"), "utf8")));
    if (run.history.length < this.#acknowledged) {
      losses.push(`${this.#acknowledged} epochs were told of, ${run.history.length} are kept`);
    }
    if (run.history.some(({ epoch }, index) => epoch !== index + 1)) {
      losses.push("the epochs aren't counted one by one");
    }
    if (!["interrupted", "failed"].includes(shown.state.kind)) {
      losses.push(`the run is ${shown.state.kind}, which doesn't say that it was cut short`);
    }
    if (shown.state.kind === "failed" && !/stopped|killed/.test(shown.state.message)) {
      losses.push(`the run doesn't say that the engine was killed: ${shown.state.message}`);
    }
    const names = run.history.length === 0 ? [] : ["last.weights", "best.weights"];
    for (const name of names) {
      losses.push(...weightsTrouble(path.join(directory, name)));
    }
    this.#acknowledged = run.history.length;
    return losses;
  }
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
