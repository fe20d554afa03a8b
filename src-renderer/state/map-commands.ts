import type { Layers } from "./layers.svelte.ts";
import type { MapViewState } from "./map-view.svelte.ts";

/** Something the user can do to the map, for the command palette and the keyboard. */
export interface MapCommand {
  readonly id: string;
  readonly title: string;
  /** The key, as `KeyboardEvent.key` names it. */
  readonly shortcut: string;
  run(): void;
}

/**
 * What the keyboard can do to the map. Space (hold to hide overlays) and Tab (truth ↔ prediction) aren't among
 * them: the map takes those itself while it has the focus, as elsewhere they press buttons and move the focus.
 */
export function mapCommands(layers: Layers, mapView: MapViewState): MapCommand[] {
  return [
    { id: "map.imagery", title: "Show or hide imagery", shortcut: "1", run: () => layers.toggle("imagery") },
    { id: "map.labels", title: "Show or hide labels", shortcut: "2", run: () => layers.toggle("labels") },
    {
      id: "map.prediction",
      title: "Show or hide the prediction",
      shortcut: "3",
      run: () => layers.toggle("prediction"),
    },
    { id: "map.fit", title: "Show all mosaics", shortcut: "F", run: () => mapView.fit() },
    {
      id: "map.go-to",
      title: "Go to coordinates",
      shortcut: "G",
      run: () => {
        mapView.goToOpen = true;
      },
    },
    { id: "map.zoom-in", title: "Zoom in", shortcut: "+", run: () => mapView.zoomBy(1) },
    { id: "map.zoom-out", title: "Zoom out", shortcut: "-", run: () => mapView.zoomBy(-1) },
    { id: "map.north", title: "Turn north up", shortcut: "N", run: () => mapView.resetRotation() },
    {
      id: "map.swipe",
      title: "Swipe between labels and prediction",
      shortcut: "S",
      run: () => layers.compare("labels", "prediction"),
    },
  ];
}
