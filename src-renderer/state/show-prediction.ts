import type { Workspace } from "./workspace.svelte.ts";

/** Puts a run's prediction on the map and goes to the first mosaic unless one of them is in view. */
export function showPrediction(workspace: Workspace, runId: string, mosaicIds: readonly string[]): void {
  const { layers, mapView } = workspace;
  // What is predicted live would cover it, perhaps by another run.
  layers.liveRunId = null;
  layers.choosePredictionRun(runId);
  layers.prediction.visible = true;
  if (layers.swipe === null) {
    // Two overlays on each other show neither; Tab goes back and forth.
    layers.labels.visible = false;
  }
  const [first] = mosaicIds;
  const inView = mapView.viewedWindows().some(({ mosaicId }) => mosaicIds.includes(mosaicId));
  if (first !== undefined && !inView) {
    mapView.flyToMosaic(first);
  }
}
