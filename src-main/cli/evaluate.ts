import type { Command } from "commander";
import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";
import { withoutTruth } from "#shared/metrics/without-truth.ts";
import type { ClassMapping } from "#shared/metrics/id-pairs.ts";
import { compareFolders } from "../host/evaluation/compare-folders.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { evaluateMasks, warnOfClasses } from "./evaluate-masks.ts";
import { evaluateRun, type GroundOptions } from "./evaluate-run.ts";
import { mapOption, resampleOption } from "./mask-options.ts";
import { wholeNumber } from "./option-values.ts";

interface EvaluateOptions extends GroundOptions {
  readonly truth?: string;
  readonly prediction?: string;
  readonly run?: string;
  readonly places?: string;
  readonly masks?: string;
  readonly map?: ClassMapping;
  readonly resample?: "nearest";
}

/** `orthomask evaluate`: how right masks are, against true ones of the same names. */
export function registerEvaluateCommand(program: Command, io: CliIo): void {
  program
    .command("evaluate")
    .description(
      "compare mask rasters, matched by name; or a run's predictions with its project's labels: IoU, areas, confusion matrix",
    )
    .option("--truth <dir>", "the true masks; classes.json may stand there or one folder up")
    .option("--prediction <dir>", "the masks to judge")
    .option("--run <run>", "a run's id or folder, instead of masks")
    .option("--project <dir>", "the run's project (default: the one that the run lies in)")
    .option("--mosaics <names>", "of a run, or of --masks: only these mosaics, with commas between")
    .option("--border <pixels>", "of these: leave out pixels this near to a border", wholeNumber(0, 32), 0)
    .option(
      "--within <ground>",
      "of a run: only training, validation or test ground; of either: NAME:PART of a saved split",
    )
    .option(
      "--places <cell>",
      "of these: list the largest places of errors, TRUTH:PREDICTION, TRUTH: or :PREDICTION",
    )
    .option("--masks <path>", "a file or folder of masks, to be compared with the labels of --project")
    .addOption(mapOption())
    .addOption(resampleOption())
    .action(async ({ truth, prediction, run, masks, map, resample, ...ground }: EvaluateOptions) => {
      if (masks !== undefined) {
        await evaluateMasks(io, masks, { ...ground, mapping: map, otherGrids: resample });
        return;
      }
      if (run !== undefined) {
        await evaluateRun(io, run, ground);
        return;
      }
      if (truth === undefined || prediction === undefined) {
        throw new UsageError("Give --truth and --prediction with masks, --masks and --project, or --run.");
      }
      const progress = io.progress("comparing");
      const comparison = await compareFolders(truth, prediction, {
        signal: io.signal,
        mapping: map,
        otherGrids: resample,
        onProgress: (done, detail) => {
          progress.update({ progress: done, detail });
        },
      });
      progress.end();
      for (const name of comparison.withoutPrediction) {
        io.warn(`${name} has no prediction and is left out`);
      }
      for (const name of comparison.withoutTruth) {
        io.warn(`${name} has no truth and is left out`);
      }
      for (const name of comparison.resampled) {
        io.warn(`${name} lies on another grid than its truth, and was resampled to it by the nearest pixel`);
      }
      warnOfClasses(io, comparison);
      const { report, compared } = comparison;
      io.answer({ ...report, compared }, describe);
    });
}

function describe(report: EvaluationReport): string {
  const rows = report.perClass.map(({ name, iou, dice, precision, recall, truthPixels }) =>
    [name.padEnd(16), ...[iou, dice, precision, recall].map(shown), String(truthPixels).padStart(12)].join(
      " ",
    ),
  );
  const absent = report.perClass
    .filter(({ id }) => report.absentClassIds.includes(id))
    .map(({ name }) => name);
  const onlyPredicted = withoutTruth(report);
  return [
    `${"class".padEnd(16)} ${["IoU", "Dice", "prec.", "recall"].map((title) => title.padStart(7)).join(" ")} ${"pixels".padStart(12)}`,
    ...rows,
    "",
    `mean IoU ${shown(report.meanIou)}   frequency-weighted IoU ${shown(report.frequencyWeightedIou)}   accuracy ${shown(report.accuracy)}   kappa ${shown(report.kappa)}`,
    ...(absent.length === 0 ? [] : [`absent, and left out of the mean: ${absent.join(", ")}`]),
    ...(onlyPredicted === null
      ? []
      : [
          `without truth here, so that IoU is 0: ${onlyPredicted.names.join(", ")}; mean IoU of the others ${shown(onlyPredicted.meanIouOfOthers)}`,
        ]),
    ...(report.unpredictedPixels === 0
      ? []
      : [`labelled pixels without a prediction: ${report.unpredictedPixels}`]),
    "",
    "confusion (rows truth, columns prediction):",
    ...report.confusion.map((row, index) =>
      [
        (report.classes[index]?.name ?? "").padEnd(16),
        ...row.map((count) => String(count).padStart(12)),
      ].join(" "),
    ),
  ].join("\n");
}

function shown(value: number | null): string {
  return (value === null ? "–" : value.toFixed(4)).padStart(7);
}
