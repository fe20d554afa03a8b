import type { LabelHistoryNames } from "#shared/contract.ts";
import { mergeSteps } from "#shared/labels/label-merge.ts";

const names: ReadonlySet<string | null> = new Set(Object.values(mergeSteps));

/** Whether differences may have appeared where there were none: after a merge, an undo or a redo, but not after a stroke, of which there are many. */
export function mayDiffer(now: LabelHistoryNames, before: LabelHistoryNames | null): boolean {
  return names.has(now.undo) || now.redo !== null || (before?.redo ?? null) !== null;
}
