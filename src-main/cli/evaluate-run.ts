import { selectionOfWord } from "#shared/command-line/command-lines.ts";
import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import { classRows } from "#shared/metrics/class-rows.ts";
import type { EvaluationDetail, FoundPlaces, PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import { splitPartSchema } from "#shared/training/saved-split.ts";
import type { Project } from "../host/projects/project.ts";
import { listSplits } from "../host/saved-splits/index.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { comparableMosaics, openRun } from "./open-run.ts";

/** Options on which ground of a project is counted. */
export interface GroundOptions {
  readonly project?: string;
  readonly mosaics?: string;
  readonly border: number;
  readonly within?: string;
}

/** How many places are listed, as in the window. */
export const MOST_PLACES = 100;

/** Compares a run's predictions with the labels of its project; with `places`, looks for one cell's places instead. */
export async function evaluateRun(
  io: CliIo,
  given: string,
  options: GroundOptions & { readonly places?: string },
): Promise<void> {
  const opened = await openRun(io, given, options.project);
  const { services, project, stored } = opened;
  const mosaics = await comparableMosaics(opened, options.mosaics);
  const choice = {
    borderTolerancePixels: options.border,
    within: await groundOf(project, options.within),
    signal: io.signal,
  };
  const mosaicIds = mosaics.map(({ id }) => id);
  if (options.places !== undefined) {
    const selection = placesSelection(options.places);
    const found = await services.learning.evaluation.places(
      project,
      stored.run.id,
      mosaicIds,
      { selection, most: MOST_PLACES },
      choice,
    );
    io.answer(found, (answer) => describePlaces(answer, mosaics));
    return;
  }
  const detail = await services.learning.evaluation.detail(project, stored.run.id, mosaicIds, choice);
  io.answer(detail, describeDetail);
}

/** The pixels that `--places` names. Throws `UsageError`. */
export function placesSelection(word: string): PlaceSelection {
  const selection = selectionOfWord(word);
  if (selection === null) {
    throw new UsageError(
      `--places ${word}: expected errors, TRUTH:PREDICTION, TRUTH: (missed) or :PREDICTION (called so wrongly), by class ids.`,
    );
  }
  return selection;
}

/** Places as lines. */
export function describePlaces(
  { places, pixels, largest }: FoundPlaces,
  mosaics: readonly { readonly id: string; readonly name: string }[],
): string {
  const names = new Map(mosaics.map(({ id, name }) => [id, name]));
  return [
    `${pixels} px in ${places} places`,
    ...largest.map(
      ({ mosaicId, anchor, pixels: size }) =>
        `${names.get(mosaicId) ?? mosaicId}: column ${anchor[0]}, row ${anchor[1]}, ${size} px`,
    ),
  ].join("\n");
}

/** The ground that `--within` names: a part of the run's own split, or NAME:PART of a saved one. Throws `UsageError`. */
export async function groundOf(
  project: Project,
  word: string | undefined,
): Promise<EvaluatedGround | undefined> {
  if (word === undefined) {
    return undefined;
  }
  if (word === "training" || word === "validation" || word === "test") {
    return { kind: "run", part: word };
  }
  const at = word.lastIndexOf(":");
  const [name, partWord] = [word.slice(0, Math.max(0, at)), word.slice(at + 1)];
  const part = splitPartSchema.safeParse(partWord);
  const split = (await listSplits(project)).find((one) => one.name === name || one.id === name);
  if (!part.success || split === undefined) {
    throw new UsageError(
      `--within ${word}: expected training, validation or test, or NAME:PART of a saved split.`,
    );
  }
  return { kind: "split", splitId: split.id, part: part.data };
}

/** A detail as a table. */
export function describeDetail(detail: EvaluationDetail): string {
  const { report, areas, calibration } = detail;
  const shown = (value: number | null): string => (value === null ? "–" : value.toFixed(4)).padStart(8);
  const hectares = (value: number | null | undefined): string =>
    (value === null || value === undefined ? "–" : value.toFixed(2)).padStart(12);
  return [
    `${"class".padEnd(16)} ${["IoU", "Dice", "user's", "prod.'s"].map((title) => title.padStart(8)).join(" ")} ${["mapped ha", "area ha", "± SE ha"].map((title) => title.padStart(12)).join(" ")}`,
    ...classRows(report, areas).map((row) =>
      [
        row.name.padEnd(16),
        ...[row.iou, row.dice, row.usersAccuracy, row.producersAccuracy].map(shown),
        hectares(row.area?.mapped),
        hectares(row.area?.estimated),
        hectares(row.area?.standardError),
      ].join(" "),
    ),
    "",
    `mean IoU ${shown(report.meanIou)}   accuracy ${shown(report.accuracy)}   kappa ${shown(report.kappa)}   calibration error ${shown(calibration?.expectedCalibrationError ?? null)}`,
  ].join("\n");
}
