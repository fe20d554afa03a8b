import { SvelteMap } from "svelte/reactivity";
import { usualDisplay, usualDisplays } from "#shared/project/imagery-display.ts";
import type { ImageryDisplay, ImageryDisplays } from "#shared/project/imagery-display.ts";

/** How imagery is turned into colours: for all mosaics alike, or for each by itself. */
export class ImageryDisplaySettings {
  #sameForAll = $state(usualDisplays.sameForAll);
  #all: ImageryDisplay = $state.raw(usualDisplays.all);
  readonly #mosaics = new SvelteMap<string, ImageryDisplay>();

  get sameForAll(): boolean {
    return this.#sameForAll;
  }

  /** How a mosaic is shown. */
  of(mosaicId: string): ImageryDisplay {
    return this.#sameForAll ? this.#all : (this.#mosaics.get(mosaicId) ?? this.#all);
  }

  /** Changes how a mosaic is shown, and with it all others where they are alike. */
  set(mosaicId: string, display: ImageryDisplay): void {
    if (this.#sameForAll) {
      this.#all = display;
    } else {
      this.#mosaics.set(mosaicId, display);
    }
  }

  /** Makes all mosaics alike, as this one is, or lets each have its own from now on. */
  setSameForAll(sameForAll: boolean, mosaicId: string): void {
    if (sameForAll) {
      this.#all = this.of(mosaicId);
    }
    this.#sameForAll = sameForAll;
  }

  /** What is kept with the project. */
  saved(): ImageryDisplays {
    return { sameForAll: this.#sameForAll, all: this.#all, mosaics: Object.fromEntries(this.#mosaics) };
  }

  /** Takes up what was kept with the project. */
  restore({ sameForAll, all, mosaics }: ImageryDisplays): void {
    this.#sameForAll = sameForAll;
    this.#all = all;
    this.#mosaics.clear();
    for (const [mosaicId, display] of Object.entries(mosaics)) {
      this.#mosaics.set(mosaicId, display);
    }
  }
}

/** Whether nobody has changed a display. */
export function isUsual(display: ImageryDisplay): boolean {
  return JSON.stringify(display) === JSON.stringify(usualDisplay);
}
