import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import type { ProjectState } from "../state/project.svelte.ts";
import { formatPlural } from "../ui/format.ts";

/** What pressing *Predict* would do: for its button, its panel and the palette alike. */
export interface PredictChoice {
  readonly mosaics: readonly ReadyMosaic[];
  /** What it is called: "Predict 2 mosaics again". */
  readonly title: string;
  /** Whether all of it has been predicted before. */
  readonly isDone: boolean;
  /** Why it can't be done; null when it can. */
  readonly obstacle: string | null;
}

/** Predicting the ticked mosaics with the selected run. */
export function predictChoice(project: ProjectState): PredictChoice {
  const run = project.selectedRun;
  const mosaics = project.readyMosaics.filter(({ id }) => project.predicting.mosaics.includes(id));
  const isDone =
    run !== null &&
    mosaics.length > 0 &&
    mosaics.every(({ id }) => project.prediction(run.id, id)?.complete === true);
  return {
    mosaics,
    title: `Predict ${formatPlural(mosaics.length, "mosaic")}${isDone ? " again" : ""}`,
    isDone,
    obstacle:
      (run?.best ?? null) === null
        ? "Only a run with a finished epoch can predict."
        : mosaics.length === 0
          ? "Choose a mosaic under Prediction."
          : null,
  };
}
