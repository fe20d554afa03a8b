import { SvelteMap } from "svelte/reactivity";
import {
  layerKinds,
  type DisplayState,
  type LayerKind,
  type LayerLook,
} from "#shared/project/display-state.ts";

/** How each layer of one mosaic is shown. */
export type MosaicLook = Readonly<Record<LayerKind, LayerLook>>;

const asTheOthers: LayerLook = { visible: true, opacity: 1 };

/** Mosaics whose own layers are set apart from the others'. */
export class MosaicLooks {
  readonly #looks = new SvelteMap<string, MosaicLook>();

  /** The looks of all mosaics that have some of their own. */
  get all(): ReadonlyMap<string, MosaicLook> {
    return this.#looks;
  }

  look(mosaicId: string, kind: LayerKind): LayerLook {
    return this.#looks.get(mosaicId)?.[kind] ?? asTheOthers;
  }

  /** Whether any layer of a mosaic is shown otherwise than those of the others. */
  isSetApart(mosaicId: string): boolean {
    return this.#looks.has(mosaicId);
  }

  change(mosaicId: string, kind: LayerKind, part: Partial<LayerLook>): void {
    const changed = Object.fromEntries(
      layerKinds.map((each) => {
        const look = this.look(mosaicId, each);
        return [each, each === kind ? { ...look, ...part } : look];
      }),
    ) as MosaicLook;
    if (layerKinds.every((each) => changed[each].visible && changed[each].opacity === 1)) {
      this.#looks.delete(mosaicId);
    } else {
      this.#looks.set(mosaicId, changed);
    }
  }

  toggle(mosaicId: string, kind: LayerKind): void {
    this.change(mosaicId, kind, { visible: !this.look(mosaicId, kind).visible });
  }

  /** Shows a mosaic's layers like those of the others again. */
  reset(mosaicId: string): void {
    this.#looks.delete(mosaicId);
  }

  /** What is kept with the project. */
  saved(): DisplayState["mosaicLayers"] {
    return Object.fromEntries(this.#looks);
  }

  restore(saved: DisplayState["mosaicLayers"]): void {
    this.#looks.clear();
    for (const [mosaicId, look] of Object.entries(saved)) {
      this.#looks.set(mosaicId, look);
    }
  }
}
