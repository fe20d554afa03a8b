import type { Run } from "./run.ts";

/** What two runs must have in common for the numbers of their own trainings to be set side by side. */
export type RunData = Pick<Run, "name" | "settings" | "data" | "relabelled" | "validationMosaicIds"> & {
  readonly best: Pick<NonNullable<Run["best"]>, "epoch"> | null;
};

/** What a run's best epoch was measured on, which is another than its first one's where labels changed before it went on. */
function measuredOn({ data, relabelled = [], best }: RunData): Run["data"] {
  const epoch = best?.epoch ?? 0;
  return relabelled.findLast(({ fromEpoch }) => fromEpoch <= epoch)?.data ?? data;
}

/** Whether two runs were measured on the same validation tiles, and against the same labels there. */
export type DataComparison = "same" | "other-ground" | "other-labels" | "unknown";

/** Compares what two trainings measured themselves on. */
export function compareData(first: RunData, second: RunData): DataComparison {
  const [firstData, secondData] = [measuredOn(first), measuredOn(second)];
  if (firstData !== undefined && secondData !== undefined) {
    const [one, other] = [firstData.validation, secondData.validation];
    return one.ground !== other.ground
      ? "other-ground"
      : one.labels !== other.labels
        ? "other-labels"
        : "same";
  }
  // Runs from before it was kept: settings that differ divide the ground otherwise, but equal ones may have met other labels.
  return groundWord(first) === groundWord(second) ? "unknown" : "other-ground";
}

function groundWord({ settings, validationMosaicIds }: RunData): string {
  const { split, tilePixels, seed } = settings;
  return JSON.stringify([
    split,
    tilePixels,
    split.kind === "saved" ? 0 : seed,
    [...validationMosaicIds].sort(),
  ]);
}

/** What to beware of when two runs are compared, in plain sentences; null where there is nothing. */
export function dataSentence(first: RunData, second: RunData): string | null {
  switch (compareData(first, second)) {
    case "same":
      return null;
    case "other-ground":
      return `Their validation areas differ${tilesWord(first, second)}, so curves and best mean IoU are of different ground. What is counted on whole mosaics is the same ground for both, but either may have been trained on some of it: count a test area that neither has seen.`;
    case "other-labels":
      return "The labels of their validation tiles changed between the two trainings, so curves and best mean IoU were measured against different labels. Whole mosaics are counted against the labels as they are now, for both.";
    case "unknown":
      return `Whether their validation tiles were the same isn’t known: ${namesWithout(first, second)} from before that was kept with a run.`;
  }
}

function tilesWord(first: RunData, second: RunData): string {
  const [one, other] = [first.data?.validation.tiles, second.data?.validation.tiles];
  return one === undefined || other === undefined
    ? ""
    : one === other
      ? ` (${one} tiles each, not the same ones)`
      : ` (${one} and ${other} tiles)`;
}

function namesWithout(...runs: readonly [RunData, RunData]): string {
  const names = runs.filter(({ data }) => data === undefined).map(({ name }) => name);
  return names.length === 1 ? `${names[0]!} is` : `${names.join(" and ")} are`;
}
