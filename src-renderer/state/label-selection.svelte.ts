import { fillHoles, growMask, removeSpecks, shrinkMask, smoothMask } from "#shared/labels/mask-shaping.ts";
import { encodeScaledRuns } from "#shared/labels/scaled-runs.ts";
import type { LabelEdit } from "#shared/labels/label-edit.ts";
import { isSameWindow, selectionPicture, type LabelSelection, type RegionPicture } from "./label-region.ts";

/** What a new area does to the selection there is. */
export type SelectionMode = "replace" | "add" | "subtract";

/** What can be done to a selection as a whole; `amount` is in samples: pixels of the view it was made in, or of the mosaic when closer. */
export type SelectionChange = "grow" | "shrink" | "smooth" | "fill-holes" | "remove-specks";

/** What the wand has selected, until it is painted, erased or given up. */
export class SelectionState {
  readonly #onClear: () => void;
  #current: LabelSelection | null = $state.raw(null);
  /** What a new area does, unless a key says otherwise. */
  mode: SelectionMode = $state("replace");
  /** How far grow, shrink and smooth reach, and half the side of the largest speck. */
  amount = $state(2);
  /** Makes the last area anew, with other options; null when it can't be. */
  again: (() => void) | null = null;

  /** `onClear` is told when it is painted, erased or given up. */
  constructor(onClear: () => void = () => undefined) {
    this.#onClear = onClear;
  }

  get current(): LabelSelection | null {
    return this.#current;
  }

  readonly picture: RegionPicture | null = $derived(
    this.#current === null ? null : selectionPicture(this.#current),
  );

  /** Pixels of the mosaic that are selected, about. */
  readonly pixels: number = $derived(
    this.#current === null
      ? 0
      : this.#current.mask.reduce((sum, pixel) => sum + pixel, 0) * this.#current.step ** 2,
  );

  /** Combines an area with what was selected before; areas of different views can only replace each other. */
  choose(before: LabelSelection | null, area: LabelSelection, mode: SelectionMode): void {
    if (before === null || mode === "replace" || !isSameWindow(before, area)) {
      this.#current = mode === "subtract" ? before : area;
      return;
    }
    const mask = before.mask.map((pixel, index) =>
      mode === "add" ? pixel | (area.mask[index] ?? 0) : pixel & ~(area.mask[index] ?? 0),
    );
    this.#current = { ...before, mask };
  }

  /** Takes what was selected before a gesture that was given up. */
  restore(before: LabelSelection | null): void {
    this.#current = before;
  }

  change(change: SelectionChange): void {
    const { amount } = this;
    const selection = this.#current;
    if (selection === null) {
      return;
    }
    this.again = null;
    const { width } = selection.size;
    this.#current = { ...selection, mask: changed(selection.mask, width, change, amount) };
  }

  clear(): void {
    this.#current = null;
    this.again = null;
    this.#onClear();
  }

  /** The selection as part of an edit; none when nothing is selected. */
  parts(paintId: number): LabelEdit["parts"] {
    const selection = this.#current;
    if (selection?.mask.includes(1) !== true) {
      return [];
    }
    const { mask, step, pixelWindow } = selection;
    return [
      { paintId, shape: { kind: "bitmap", pixelWindow, runs: encodeScaledRuns(mask, step, pixelWindow) } },
    ];
  }
}

function changed(
  mask: Uint8Array<ArrayBuffer>,
  width: number,
  change: SelectionChange,
  amount: number,
): Uint8Array<ArrayBuffer> {
  switch (change) {
    case "grow":
      return growMask(mask, width, amount);
    case "shrink":
      return shrinkMask(mask, width, amount);
    case "smooth":
      return smoothMask(mask, width, amount);
    case "fill-holes":
      return fillHoles(mask, width);
    case "remove-specks":
      return removeSpecks(mask, width, (2 * amount) ** 2);
  }
}
