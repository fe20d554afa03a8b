import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import type { Run } from "#shared/training/run.ts";
import type { ProjectState } from "./project.svelte.ts";

/** Labelled mosaics that a run has predicted whole, so that the two can be compared. */
export function measurableMosaics(project: ProjectState, run: Run): ReadyMosaic[] {
  return project.labelledMosaics.filter(({ id }) => project.prediction(run.id, id)?.complete === true);
}

/** Those of them that are ticked in Results. */
export function countedMosaics(project: ProjectState, run: Run): ReadyMosaic[] {
  return measurableMosaics(project, run).filter(({ id }) => project.results.mosaics.includes(id));
}

/** What a report on a run counts: the same as Results just now; no mosaics for the validation tiles. */
export function countedOfReport(
  project: ProjectState,
  run: Run,
): {
  readonly runId: string;
  readonly mosaicIds: readonly string[];
  readonly borderTolerancePixels: number;
  readonly within: EvaluatedGround | null;
} {
  const { areaKind, borderTolerancePixels, within } = project.results;
  return areaKind === "mosaics"
    ? {
        runId: run.id,
        mosaicIds: countedMosaics(project, run).map(({ id }) => id),
        borderTolerancePixels,
        within,
      }
    : { runId: run.id, mosaicIds: [], borderTolerancePixels: 0, within: null };
}
