import { formatCount, formatPlural } from "../ui/format.ts";

/** How many mosaics are called by name before they are only counted. */
const MOST_NAMES = 3;

/** What accepting has changed in a mosaic that the user knows by this name. */
export interface AcceptedIn {
  readonly name: string;
  readonly pixels: number;
  readonly checkedCells: number;
}

/** What accepting a run's prediction has changed, mosaic by mosaic, and which mosaics in view it had nothing for. */
export function acceptedSentence(
  runName: string,
  accepted: readonly AcceptedIn[],
  unpredictedNames: readonly string[],
): string {
  const missing =
    unpredictedNames.length === 0 ? "" : ` ${runName} has no prediction of ${listed(unpredictedNames)}.`;
  if (accepted.length === 0) {
    return `Nothing was accepted.${missing} Predict what is in view, or choose another run in Results.`;
  }
  const changed = accepted.filter(({ pixels }) => pixels > 0);
  const pixels = changed.reduce((sum, each) => sum + each.pixels, 0);
  if (pixels === 0) {
    const names = listed(accepted.map(({ name }) => name));
    return `Nothing changed in ${names}: the labels are what ${runName} says, or nothing there may be painted over or is as confident.${missing}`;
  }
  const unchanged = accepted.filter((each) => each.pixels === 0).map(({ name }) => name);
  const same = unchanged.length === 0 ? "" : ` Nothing changed in ${listed(unchanged)}.`;
  const checkedCells = changed.reduce((sum, each) => sum + each.checkedCells, 0);
  const checked =
    checkedCells === 0
      ? ""
      : ` ${formatPlural(checkedCells, "cell")} of it ${checkedCells === 1 ? "is marked checked and stays" : "are marked checked and stay"} so: look again.`;
  const where = listed(
    changed.map((each) => (changed.length > 1 ? `${each.name} (${formatCount(each.pixels)})` : each.name)),
  );
  return `Accepted ${formatPlural(pixels, "pixel")} of ${runName} in ${where}.${checked}${same}${missing} Ctrl+Z takes it back.`;
}

function listed(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  return rest > 0 ? `${names.slice(0, MOST_NAMES).join(", ")} and ${rest} more` : names.join(", ");
}
