import type { SplitPart } from "#shared/training/saved-split.ts";

/** The colours of a split's parts: the same on the map, in tables and in reports. */
export const partColors: Readonly<Record<SplitPart, string>> = {
  training: "#2166ac",
  validation: "#e08214",
  test: "#762a83",
  unused: "#9a9a9a",
};
