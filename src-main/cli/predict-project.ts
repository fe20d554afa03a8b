import { RpcError } from "#shared/rpc/errors.ts";
import type { CliIo } from "./cli-io.ts";
import { mosaicsNamed, openRun, readyMosaics } from "./open-run.ts";

/** Predicts mosaics of a project by the same job as the window's, and keeps the predictions with the run. */
export async function predictProject(
  io: CliIo,
  given: string,
  options: { readonly project: string; readonly mosaics?: string; readonly overlap: number },
): Promise<void> {
  const { services, project, stored } = await openRun(io, given, options.project);
  const mosaics = mosaicsNamed(readyMosaics(project), options.mosaics);
  const { jobs, learning } = services;
  const progress = io.progress(`predicting ${mosaics.length} mosaics`);
  const { jobId } = await learning.predictions.start(project, {
    runId: stored.run.id,
    mosaicIds: mosaics.map(({ id }) => id),
    overlap: options.overlap,
    viewed: [],
  });
  const state = await new Promise<ReturnType<typeof jobs.get>["state"]>((resolve) => {
    const look = (): void => {
      const { state: now } = jobs.get(jobId);
      if (now.kind === "running") {
        progress.update({ progress: now.progress, detail: now.detail, etaSeconds: now.etaSeconds });
      } else if (now.kind !== "queued") {
        stop();
        resolve(now);
      }
    };
    const stop = jobs.onChange(look);
    io.signal.addEventListener("abort", () => {
      jobs.cancel(jobId);
    });
    look();
  });
  progress.end();
  if (state.kind === "failed") {
    throw new RpcError(state.error.code, state.error.message);
  }
  io.signal.throwIfAborted();
  io.answer(
    {
      run: stored.run.id,
      mosaics: mosaics.map(({ name }) => name),
      megapixelsPerSecond:
        state.kind === "succeeded" && state.result.kind === "prediction"
          ? state.result.megapixelsPerSecond
          : null,
    },
    ({ mosaics: names }) => `${stored.run.id} has predicted ${names.join(", ")}`,
  );
}
