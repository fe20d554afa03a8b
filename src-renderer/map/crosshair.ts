import Overlay from "ol/Overlay.js";
import type { MapPosition } from "#shared/geo/affine.ts";

/** How long a place is marked. */
const SHOWN_MILLISECONDS = 2000;

/** A small cross on the map that marks where somebody asked to go, for a moment. */
export class Crosshair {
  readonly overlay: Overlay;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const element = document.createElement("div");
    element.className = "crosshair";
    element.dataset["testid"] = "crosshair";
    this.overlay = new Overlay({ element, positioning: "center-center", stopEvent: false });
  }

  mark([x, y]: MapPosition): void {
    clearTimeout(this.#timer);
    this.overlay.setPosition([x, y]);
    this.#timer = setTimeout(() => {
      this.overlay.setPosition(undefined);
    }, SHOWN_MILLISECONDS);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}
