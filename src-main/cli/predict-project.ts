import type { CliIo } from "./cli-io.ts";
import { followJob } from "./follow-job.ts";
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
  const { jobId } = await learning.predictions.start(project, {
    runId: stored.run.id,
    mosaicIds: mosaics.map(({ id }) => id),
    overlap: options.overlap,
    viewed: [],
  });
  const result = await followJob(
    io,
    jobs,
    jobId,
    mosaics.length === 1 ? `predicting ${mosaics[0]?.name ?? ""}` : `predicting ${mosaics.length} mosaics`,
  );
  io.answer(
    {
      run: stored.run.id,
      mosaics: mosaics.map(({ name }) => name),
      megapixelsPerSecond: result.kind === "prediction" ? result.megapixelsPerSecond : null,
    },
    ({ mosaics: names }) => `${stored.run.id} has predicted ${names.join(", ")}`,
  );
}
