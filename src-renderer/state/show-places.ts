import type { PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import { countedMosaics, measurableMosaics } from "./measurable.ts";
import type { MasksGround, PlaceQuestion, RunGround } from "./places.svelte.ts";
import type { ProjectState } from "./project.svelte.ts";
import type { Workspace } from "./workspace.svelte.ts";

/** Where the places of the shown run are looked for: in the mosaics counted, or those of the validation that it has predicted; null where there are none. */
export function placeGround(project: ProjectState): RunGround | null {
  const run = project.selectedRun;
  if (run === null) {
    return null;
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
  return searched.length === 0
    ? null
    : {
        kind: "run",
        runId: run.id,
        mosaicIds: searched.map(({ id }) => id),
        borderTolerancePixels: results.areaKind === "mosaics" ? results.borderTolerancePixels : 0,
        within: results.areaKind === "mosaics" ? results.within : null,
      };
}

/** More pixels than these aren't read before somebody asks for places: some ten seconds of two cores. */
const MOST_PREPARED_PIXELS = 2 ** 29;

/** Finds the places of the matrix in view meanwhile. Whole mosaics have theirs from the count itself. */
export function preparePlaces(project: ProjectState): void {
  const ground = project.results.areaKind === "validation" ? placeGround(project) : null;
  const pixels = project.readyMosaics
    .filter(({ id }) => ground?.mosaicIds.includes(id))
    .reduce((sum, { image: { width, height } }) => sum + width * height, 0);
  project.places.prepare(pixels > MOST_PREPARED_PIXELS ? null : ground);
}

/** Shows where chosen pixels of the shown run are; `title` says which in words. */
export function showPlaces(
  workspace: Workspace,
  project: ProjectState,
  selection: PlaceSelection,
  title: string,
): void {
  const ground = placeGround(project);
  if (ground === null) {
    if (project.selectedRun !== null) {
      workspace.toasts.show(
        "note",
        "Predict a labelled mosaic with this run, and cells lead to their places.",
      );
    }
    return;
  }
  lookAt(workspace, project, { ground, selection, title });
}

/** Shows where chosen pixels of masks from elsewhere are. */
export function showMaskPlaces(
  workspace: Workspace,
  project: ProjectState,
  ground: MasksGround,
  { selection, title }: { readonly selection: PlaceSelection; readonly title: string },
): void {
  workspace.closeOverlay();
  lookAt(workspace, project, { ground, selection, title });
}

/** Looks for places, again where they have been found before, and goes to the largest. */
export function lookAt(workspace: Workspace, project: ProjectState, question: PlaceQuestion): void {
  // Another run's live prediction over them would contradict them.
  project.live.choose(null);
  workspace.preferences.change({ drawerOpen: true, drawerTab: "places" });
  void project.places.search(question, project.labelling.labelsMark(question.ground.mosaicIds)).then(() => {
    project.places.step(1, workspace.mapView);
  });
}
