import type { PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import { countedMosaics, measurableMosaics } from "./measurable.ts";
import type { ProjectState } from "./project.svelte.ts";
import type { Workspace } from "./workspace.svelte.ts";

/** Shows where chosen pixels are, in the mosaics counted, or those of the validation that the run has predicted; `title` says which in words. */
export function showPlaces(
  workspace: Workspace,
  project: ProjectState,
  selection: PlaceSelection,
  title: string,
): void {
  const run = project.selectedRun;
  if (run === null) {
    return;
  }
  const { results } = project;
  const measurable = measurableMosaics(project, run);
  const validated = measurable.filter(({ id }) => run.validationMosaicIds.includes(id));
  const searched =
    results.areaKind === "mosaics"
      ? countedMosaics(project, run)
      : validated.length > 0
        ? validated
        : measurable;
  if (searched.length === 0) {
    workspace.toasts.show("note", "Predict a labelled mosaic with this run, and cells lead to their places.");
    return;
  }
  workspace.preferences.change({ drawerOpen: true, drawerTab: "places" });
  void project.places
    .search({
      runId: run.id,
      mosaicIds: searched.map(({ id }) => id),
      selection,
      borderTolerancePixels: results.areaKind === "mosaics" ? results.borderTolerancePixels : 0,
      within: results.areaKind === "mosaics" ? results.within : null,
      title,
    })
    .then(() => {
      project.places.step(1, workspace.mapView);
    });
}
