import type { PixelWindow } from "#shared/geo/pixel-window.ts";

/** A part of a mosaic that is coloured on the map, in its own pixels. */
export interface GroundArea {
  readonly mosaicId: string;
  readonly pixelWindow: PixelWindow;
  /** `#rrggbb` */
  readonly color: string;
  /** False for pieces of one area: their borders would be in the way. */
  readonly outlined?: boolean;
}

/** Parts of mosaics that are coloured together, and what their colours mean. */
export interface GroundAreas {
  /** Who put them there; the same name takes them off again. */
  readonly name: "split" | "blocks" | "conflicts";
  readonly title: string;
  readonly areas: readonly GroundArea[];
  readonly legend: readonly { readonly label: string; readonly color: string }[];
}

/** The one set of coloured parts that the map shows over everything else. */
export class GroundAreaLayer {
  #shown: GroundAreas | null = $state.raw(null);

  get shown(): GroundAreas | null {
    return this.#shown;
  }

  show(areas: GroundAreas): void {
    this.#shown = areas;
  }

  /** Takes these parts away; others that have taken their place stay. */
  hide(name: GroundAreas["name"]): void {
    if (this.#shown?.name === name) {
      this.#shown = null;
    }
  }
}
