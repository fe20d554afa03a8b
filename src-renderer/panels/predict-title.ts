import type { ProjectState } from "../state/project.svelte.ts";
import { formatPlural } from "../ui/format.ts";

/** What predicting the chosen mosaics with the selected run is called, on its button and in the palette. */
export function predictTitle(project: ProjectState): string {
  const run = project.selectedRun;
  const chosen = project.readyMosaics.filter(({ id }) => project.predicting.mosaics.includes(id));
  const isDone =
    run !== null &&
    chosen.length > 0 &&
    chosen.every(({ id }) => project.prediction(run.id, id)?.complete === true);
  return `Predict ${formatPlural(chosen.length, "mosaic")}${isDone ? " again" : ""}`;
}
