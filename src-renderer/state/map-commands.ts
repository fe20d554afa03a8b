import type { Command } from "./commands.svelte.ts";
import type { LayerKind, Layers } from "./layers.svelte.ts";
import type { MapViewState } from "./map-view.svelte.ts";

/**
 * What the palette and the keyboard can do to the map. Space (hold to hide overlays) and Tab (truth ↔ prediction) have
 * no chord here: the map takes those itself while it has the focus, as elsewhere they press buttons and move the focus. `tell` shows a note.
 */
export function mapCommands(
  layers: Layers,
  mapView: MapViewState,
  tell: (sentence: string) => void,
): Command[] {
  const command = (id: string, title: string, chord: string | null, run: () => void): Command => ({
    id: `map.${id}`,
    title,
    group: "Map",
    chord,
    enabled: () => mapView.projection !== null,
    run,
  });
  const toggle = (kind: LayerKind, title: string): Command =>
    command(kind, title, layers.setting(kind).key, () => {
      layers.toggle(kind);
      if (kind === "imagery" && !layers.imagery.visible) {
        // Whoever wanted a class, without a tool to paint it, would only see the map vanish.
        tell("Imagery is hidden: 1 shows it again. Digits choose classes while a tool paints (B: brush).");
      }
    });
  const withPrediction = (made: Command): Command => ({
    ...made,
    obstacle: () => (layers.hasAnyPrediction ? null : "Nothing is predicted yet."),
  });
  const withOther = (made: Command): Command => ({
    ...made,
    obstacle: () => (layers.otherRunId === null ? "Compare two runs first (in the drawer’s Runs)." : null),
  });
  return [
    toggle("imagery", "Show or hide imagery"),
    toggle("labels", "Show or hide labels"),
    withPrediction(toggle("prediction", "Show or hide the prediction")),
    withPrediction(toggle("errors", "Show or hide the errors")),
    withPrediction(toggle("confidence", "Show or hide the confidence")),
    withPrediction(toggle("uncertainty", "Show or hide the uncertainty")),
    toggle("unlabelled", "Show or hide what is unlabelled"),
    withOther(toggle("other", "Show or hide the other run’s prediction")),
    withOther(toggle("disagreement", "Show or hide where two runs differ")),
    withOther(
      command("swipe-runs", "Swipe between two runs’ predictions", null, () => {
        layers.compare({ kind: "prediction", mosaicId: null }, { kind: "other", mosaicId: null });
      }),
    ),
    withPrediction(
      command("alternate", "Change between labels and prediction (Tab on the map)", null, () => {
        layers.alternateTruthAndPrediction();
      }),
    ),
    withPrediction(
      command("swipe", "Swipe between labels and prediction", "S", () => {
        layers.compare({ kind: "labels", mosaicId: null }, { kind: "prediction", mosaicId: null });
      }),
    ),
    command("fit", "Show all mosaics", "F", () => {
      mapView.fit();
    }),
    command("go-to", "Go to coordinates", "G", () => {
      mapView.goToOpen = true;
    }),
    command("zoom-in", "Zoom in", "+", () => {
      mapView.zoomBy(1);
    }),
    command("zoom-out", "Zoom out", "-", () => {
      mapView.zoomBy(-1);
    }),
    command("north", "Turn north up", null, () => {
      mapView.resetRotation();
    }),
    command("retry", "Ask again for tiles that failed", null, () => {
      mapView.retryFailedTiles();
    }),
  ];
}
