import { createHash } from "node:crypto";
import { firstOf } from "../first-of.ts";
import type { Ground } from "../case.ts";
import { SIDE } from "../case.ts";
import type { RunningApp } from "../running-app.ts";
import type { Work } from "../work.ts";

/** A prediction of all mosaics, made anew again and again; one that calls itself complete must be the undisturbed one. */
export class Predicting implements Work {
  readonly span: Work["span"];
  readonly #runId: string;
  readonly #reference: readonly string[];

  private constructor(runId: string, reference: readonly string[], milliseconds: number) {
    this.#runId = runId;
    this.#reference = reference;
    this.span = [0, milliseconds * 1.1];
  }

  /** Predicts once undisturbed. */
  static async prepare(this: void, app: RunningApp, { runId }: Pick<Ground, "runId">): Promise<Predicting> {
    await app.startEngine();
    const begun = performance.now();
    const jobId = await predict(app, runId);
    const state = await app.ended(jobId);
    if (state.kind !== "succeeded") {
      throw new Error(`The undisturbed prediction ended ${JSON.stringify(state)}.`);
    }
    const milliseconds = performance.now() - begun;
    return new Predicting(runId, await pixelsOf(app, runId, SIDE), milliseconds);
  }

  async run(app: RunningApp): Promise<void> {
    await app.ended(await predict(app, this.#runId));
  }

  async check(app: RunningApp): Promise<string[]> {
    await this.#again(app);
    const found = await pixelsOf(app, this.#runId, SIDE);
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

/** A checksum of each mosaic's mask of a run, of `side` pixels. */
export async function pixelsOf(app: RunningApp, runId: string, side: number): Promise<string[]> {
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
