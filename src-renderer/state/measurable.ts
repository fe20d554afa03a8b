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
