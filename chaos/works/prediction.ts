import { createHash } from "node:crypto";
import { firstOf } from "../first-of.ts";
import type { RunningApp } from "../running-app.ts";
import type { Work } from "../work.ts";

/** A prediction of all mosaics, made anew again and again; one that calls itself complete must be the undisturbed one. */
export class Predicting implements Work {
  readonly span = 1200;
  readonly #runId: string;
  readonly #side: number;
  readonly #reference: readonly string[];

  private constructor(runId: string, side: number, reference: readonly string[]) {
    this.#runId = runId;
    this.#side = side;
    this.#reference = reference;
  }

  /** Predicts once undisturbed. */
  static async prepare(app: RunningApp, runId: string, side: number): Promise<Predicting> {
    const jobId = await predict(app, runId);
    const state = await app.ended(jobId);
    if (state.kind !== "succeeded") {
      throw new Error(`The undisturbed prediction ended ${JSON.stringify(state)}.`);
    }
    return new Predicting(runId, side, await pixelsOf(app, runId, side));
  }

  async run(app: RunningApp): Promise<void> {
    await app.ended(await predict(app, this.#runId));
  }

  async check(app: RunningApp): Promise<string[]> {
    await this.#again(app);
    const found = await pixelsOf(app, this.#runId, this.#side);
    return found.join() === this.#reference.join()
      ? []
      : ["predicted again, the mask isn't the undisturbed one"];
  }

  async #again(app: RunningApp): Promise<void> {
    // Whatever was cut short, asking again makes all of it.
    const state = await app.ended(await predict(app, this.#runId));
    if (state.kind !== "succeeded") {
      throw new Error(`Predicting again ended ${JSON.stringify(state)}.`);
    }
  }
}

async function predict(app: RunningApp, runId: string): Promise<string> {
  const { projectId, mosaicIds } = app;
  const request = { projectId, runId, mosaicIds: [...mosaicIds], overlap: 0, viewed: [] };
  return (await app.client.predictions.start(request)).jobId;
}

async function pixelsOf(app: RunningApp, runId: string, side: number): Promise<string[]> {
  await firstOf(app.client.runs.watch({ projectId: app.projectId }));
  return Promise.all(
    app.mosaicIds.map(async (mosaicId) => {
      const { data } = await app.client.rasters.tile({
        projectId: app.projectId,
        mosaicId,
        source: { kind: "prediction", runId },
        pixelWindow: { x: 0, y: 0, width: side, height: side },
        size: { width: side, height: side },
      });
      return createHash("sha256").update(data).digest("hex");
    }),
  );
}
