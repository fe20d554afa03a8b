import { UNLABELLED_ID } from "../project/land-class.ts";
import type { PaintRules } from "./label-edit.ts";

/** Which ids may be painted over: 1 by id. */
export function paintableIds({ lockedIds, onlyUnlabelled }: PaintRules): Uint8Array<ArrayBuffer> {
  const paintable = new Uint8Array(256).fill(onlyUnlabelled ? 0 : 1);
  paintable[UNLABELLED_ID] = 1;
  for (const id of lockedIds) {
    paintable[id] = 0;
  }
  return paintable;
}

/** Gives the pixels of `mask` an id where the rules allow it; returns how many changed. */
export function paintPixels(
  ids: Uint8Array,
  mask: Uint8Array,
  paintId: number,
  paintable: Uint8Array,
): number {
  let changed = 0;
  for (let pixel = 0; pixel < ids.length; pixel++) {
    const id = ids[pixel] as number;
    if (mask[pixel] === 1 && id !== paintId && paintable[id] === 1) {
      ids[pixel] = paintId;
      changed += 1;
    }
  }
  return changed;
}
