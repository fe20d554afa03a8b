/**
 * The `orthomask …` lines that do without a window what the window does: what "Copy as command" copies and a report repeats.
 *
 * Words are quoted for a POSIX shell. `folder` is the project's folder as the user knows it.
 */
import type { EvaluatedGround } from "../metrics/evaluated-ground.ts";
import type { ModelFormat } from "../training/model-format.ts";
import { countedClasses } from "../metrics/confusion-matrix.ts";
import type { PaintRules, PixelPoint } from "../labels/label-edit.ts";
import type { KeptSide } from "../labels/label-merge.ts";
import type { VectorMapping, VectorTarget } from "../labels/vector-import.ts";
import type { ClassMapping } from "../metrics/id-pairs.ts";
import type { PlaceSelection } from "../metrics/evaluation-detail.ts";
import type { ExportOptions } from "../project/export-options.ts";
import type { LandClass } from "../project/land-class.ts";
import type { SplitDraft } from "../training/split-preview.ts";
import type { SweepAxis } from "../training/sweep.ts";
import type { Augmentation, TrainingSettings } from "../training/training-settings.ts";

/** Counted ground as `--within` names it: a part of the run's own ground, or SPLIT:PART. */
export function groundWord(ground: EvaluatedGround): string {
  return ground.kind === "run" ? ground.part : `${ground.splitId}:${ground.part}`;
}

/** A word as a POSIX shell reads it back. */
export function quotedWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command line of these words. */
export function commandLine(words: readonly string[]): string {
  return ["orthomask", ...words].map(quotedWord).join(" ");
}

/** Which mosaics a command is about; by their names, as a person would write them. */
export interface CommandPlace {
  readonly folder: string;
  /** Empty for all. */
  readonly mosaicNames: readonly string[];
}

function mosaicWords({ mosaicNames }: CommandPlace): string[] {
  return mosaicNames.length === 0 ? [] : ["--mosaics", mosaicNames.join(",")];
}

function placeWords(place: CommandPlace): string[] {
  return ["--project", place.folder, ...mosaicWords(place)];
}

/** Trains with exactly these settings, or once for each combination of a sweep's values. */
export function trainCommand(
  settings: TrainingSettings,
  place: CommandPlace,
  {
    classes,
    weights = null,
    sweep = [],
  }: {
    readonly classes: readonly LandClass[];
    readonly weights?: string | null;
    readonly sweep?: readonly SweepAxis[];
  },
): string {
  return commandLine([
    "train",
    place.folder,
    ...settingsWords(settings, classes),
    ...mosaicWords(place),
    ...(weights === null ? [] : ["--weights", weights]),
    ...sweep.flatMap(({ setting, values }) => ["--sweep", `${setting.option}=${values.join(",")}`]),
  ]);
}

/** Predicts mosaics of a project, and keeps the predictions with the run as the window does. */
export function predictCommand(
  runId: string,
  place: CommandPlace,
  { overlap }: { readonly overlap: number },
): string {
  return commandLine(["predict", runId, ...placeWords(place), "--overlap", String(overlap)]);
}

/** Which part of the ground is counted. */
export interface EvaluateChoice {
  readonly borderTolerancePixels: number;
  /** A word of `--within`; null counts everything that is labelled. */
  readonly within: string | null;
}

function evaluateWords({ borderTolerancePixels, within }: EvaluateChoice): string[] {
  return [
    ...(borderTolerancePixels === 0 ? [] : ["--border", String(borderTolerancePixels)]),
    ...(within === null ? [] : ["--within", within]),
  ];
}

/** Compares a run's predictions with the labels. */
export function evaluateCommand(runId: string, place: CommandPlace, choice: EvaluateChoice): string {
  return commandLine(["evaluate", "--run", runId, ...placeWords(place), ...evaluateWords(choice)]);
}

/** Masks from anywhere, and how they are read. */
export interface MaskWords {
  readonly path: string;
  readonly mapping: ClassMapping;
  readonly resampled: boolean;
  /** Left out for all that have a mask. */
  readonly mosaicNames?: readonly string[];
  readonly borderTolerancePixels: number;
  /** A word of `--within`; null counts everything that is labelled. */
  readonly within: string | null;
}

/** Compares masks from anywhere with a project's labels; with a selection, lists its largest places. */
export function evaluateMasksCommand(
  folder: string,
  masks: MaskWords,
  selection: PlaceSelection | null = null,
): string {
  return commandLine([
    "evaluate",
    ...maskWords(folder, masks),
    ...option("--places", selection === null ? null : placesWord(selection)),
  ]);
}

/** Writes a report on masks from anywhere. */
export function reportMasksCommand(folder: string, masks: MaskWords, out: string): string {
  return commandLine(["report", ...maskWords(folder, masks), "--out", out]);
}

function maskWords(
  folder: string,
  { path, mapping, resampled, mosaicNames = [], ...choice }: MaskWords,
): string[] {
  const pairs = Object.entries(mapping).map(([value, meant]) => `${value}=${meant ?? "none"}`);
  return [
    ...["--masks", path, ...placeWords({ folder, mosaicNames })],
    ...evaluateWords(choice),
    ...option("--map", pairs.length === 0 ? null : pairs.join(",")),
    ...(resampled ? ["--resample", "nearest"] : []),
  ];
}

/** Lists the largest places of one cell of the confusion matrix. */
export function placesCommand(
  runId: string,
  place: CommandPlace,
  choice: EvaluateChoice & { readonly selection: PlaceSelection },
): string {
  return commandLine([
    "evaluate",
    "--run",
    runId,
    ...placeWords(place),
    ...evaluateWords(choice),
    "--places",
    placesWord(choice.selection),
  ]);
}

/** How `--places` names chosen pixels. */
export function placesWord(selection: PlaceSelection): string {
  switch (selection.kind) {
    case "cell":
      return `${selection.truthId}:${selection.predictionId}`;
    case "false-positives":
      return `:${selection.classId}`;
    case "false-negatives":
      return `${selection.classId}:`;
    case "errors":
      return "errors";
  }
}

/** The pixels that a word of `--places` names; null where it names none. */
export function selectionOfWord(word: string): PlaceSelection | null {
  if (word === "errors") {
    return { kind: "errors" };
  }
  const match = /^(\d*):(\d*)$/.exec(word);
  const [truth = "", predicted = ""] = match?.slice(1) ?? [];
  if (truth !== "" && predicted !== "") {
    return { kind: "cell", truthId: Number(truth), predictionId: Number(predicted) };
  }
  return truth !== ""
    ? { kind: "false-negatives", classId: Number(truth) }
    : predicted !== ""
      ? { kind: "false-positives", classId: Number(predicted) }
      : null;
}

/** Sets two runs side by side. */
export function compareCommand(runIds: readonly [string, string], place: CommandPlace): string {
  return commandLine(["compare", ...runIds, ...placeWords(place)]);
}

/** What polygons of a file become, as `label import-vectors` says it. */
export interface ImportVectorsChoice {
  readonly filePath: string;
  readonly layerName: string | null;
  readonly crsCode: number | null;
  readonly mapping: VectorMapping;
  readonly rules: PaintRules;
}

/** Burns polygons into labels. */
export function importVectorsCommand(place: CommandPlace, choice: ImportVectorsChoice): string {
  const { filePath, layerName, crsCode, mapping, rules } = choice;
  return commandLine([
    "label",
    "import-vectors",
    place.folder,
    filePath,
    ...option("--layer", layerName),
    ...option("--crs", crsCode),
    ...(mapping.kind === "all"
      ? ["--class", targetWord(mapping.target)]
      : [
          ...["--field", mapping.field],
          ...mapping.targets.flatMap(({ value, target }) => [
            "--map",
            `${value ?? ""}=${targetWord(target)}`,
          ]),
        ]),
    ...mosaicWords(place),
    ...(rules.onlyUnlabelled ? ["--only-unlabelled"] : []),
    ...(rules.lockedIds.length === 0 ? [] : ["--lock", rules.lockedIds.join(",")]),
  ]);
}

function targetWord(target: VectorTarget): string {
  switch (target.kind) {
    case "class":
      return String(target.classId);
    case "new":
      return `new:${target.name}`;
    case "ignore":
      return "ignore";
  }
}

/** Merges another person's labels of a mosaic. */
export function mergeLabelsCommand(folder: string, mosaicName: string, filePath: string): string {
  return commandLine(["label", "merge", folder, filePath, "--mosaic", mosaicName]);
}

/** Settles all that merged labels differ in. */
export function settleConflictsCommand(place: CommandPlace, kept: KeptSide): string {
  return commandLine(["label", "conflicts", place.folder, ...mosaicWords(place), "--keep", kept]);
}

/** What is taken over of a prediction, as `label accept` says it. */
export interface AcceptChoice {
  readonly runId: string;
  /** In mosaic pixels. */
  readonly ring: readonly PixelPoint[];
  /** Null for every class. */
  readonly classId: number | null;
  /** 0–1. */
  readonly leastConfidence: number;
  readonly rules: PaintRules;
}

/** Makes a prediction the labels of an area. */
export function acceptPredictionCommand(folder: string, mosaicName: string, choice: AcceptChoice): string {
  const { runId, ring, classId, leastConfidence, rules } = choice;
  return commandLine([
    ...["label", "accept", folder, mosaicName, "--run", runId],
    ...["--polygon", ring.map((point) => point.join(",")).join(" ")],
    ...option("--class", classId),
    ...option("--confidence", leastConfidence === 0 ? null : leastConfidence),
    ...(rules.onlyUnlabelled ? ["--only-unlabelled"] : []),
    ...(rules.lockedIds.length === 0 ? [] : ["--lock", rules.lockedIds.join(",")]),
  ]);
}

/** Writes a report. */
export function reportCommand(
  runId: string,
  place: CommandPlace,
  choice: EvaluateChoice & { readonly out: string },
): string {
  // Without a word about them, all predicted mosaics would be meant.
  const tiles = place.mosaicNames.length === 0 ? ["--validation-tiles"] : [];
  const words = [...placeWords(place), ...tiles, ...evaluateWords(choice)];
  return commandLine(["report", runId, ...words, "--out", choice.out]);
}

/** Writes a run's predictions, or (null) the project's labels, as the window's export does; `out` null for the project's own exports. */
export function exportMasksCommand(
  runId: string | null,
  place: CommandPlace,
  { options, out }: { readonly options: ExportOptions; readonly out: string | null },
): string {
  const { mask, confidence, vector, merge } = options;
  return commandLine([
    ...["export", "masks"],
    ...(runId === null ? ["--labels", place.folder] : [runId, "--project", place.folder]),
    ...mosaicWords(place),
    ...option("--out", out),
    ...(mask ? [] : ["--no-mask"]),
    ...(confidence && runId !== null ? ["--confidence"] : []),
    ...(vector === null
      ? []
      : [
          ...["--vector", vector.format],
          ...["--simplify", String(vector.simplifyMeters), "--min-area", String(vector.minAreaSquareMeters)],
        ]),
    ...option("--merge", merge),
  ]);
}

/** Saves a split, as the editor shows it. */
export function splitCommand(
  folder: string,
  {
    draft,
    tilePixels,
    seed,
    name,
  }: {
    readonly draft: SplitDraft;
    readonly tilePixels: number;
    readonly seed: number;
    readonly name: string;
  },
): string {
  return commandLine([
    ...["split", folder, "--by", JSON.stringify(draft)],
    ...["--tile", String(tilePixels), "--seed", String(seed), "--save", name],
  ]);
}

/** Writes a network for other programs. */
export function exportModelCommand(runId: string, format: ModelFormat, out: string): string {
  return commandLine(["export", "model", runId, "--format", format, "--out", out]);
}

/** All options that decide a training; left out are only those without which something is off or as usual, such as clipping or `float32`. */
function settingsWords(settings: TrainingSettings, classes: readonly LandClass[]): string[] {
  const { optimizer, schedule, clipping, earlyStopping, classWeighting } = settings;
  const ignored = classes.filter(({ ignore }) => ignore).map(({ id }) => String(id));
  return [
    ...["--model", settings.architecture],
    ...option("--width", settings.width),
    ...option("--upsampling", settings.upsampling),
    ...(settings.freezeEncoder ? ["--freeze-encoder"] : []),
    ...option("--tile", settings.tilePixels),
    ...option("--resize", settings.inputPixels),
    ...option("--batch", settings.batch),
    ...option("--accumulate", settings.accumulation === 1 ? null : settings.accumulation),
    ...option("--epochs", settings.epochs),
    ...option("--max-steps", settings.maxSteps),
    ...option("--lr", settings.learningRate),
    ...option("--optimizer", optimizer.kind),
    ...(optimizer.kind === "adamw" ? ["--weight-decay", String(optimizer.weightDecay)] : []),
    ...(optimizer.kind === "sgd"
      ? ["--momentum", String(optimizer.momentum), ...(optimizer.nesterov ? ["--nesterov"] : [])]
      : []),
    ...(schedule.kind === "constant" ? [] : ["--schedule", schedule.kind]),
    ...(schedule.kind === "cosine" ? ["--warmup", String(schedule.warmupEpochs)] : []),
    ...(schedule.kind === "step"
      ? ["--decay-every", String(schedule.everyEpochs), "--decay-factor", String(schedule.factor)]
      : []),
    ...(schedule.kind === "plateau"
      ? ["--plateau-patience", String(schedule.patience), "--decay-factor", String(schedule.factor)]
      : []),
    ...(clipping.kind === "none"
      ? []
      : [clipping.kind === "norm" ? "--clip-norm" : "--clip-value", String(clipping.limit)]),
    ...option("--l2", settings.l2 === 0 ? null : settings.l2),
    ...option("--precision", settings.precision === "float32" ? null : settings.precision),
    ...(earlyStopping === null
      ? []
      : ["--early-stopping", String(earlyStopping.patience), "--early-stopping-on", earlyStopping.measure]),
    ...option("--loss", settings.loss),
    "--class-weights",
    classWeighting.kind === "manual"
      ? countedClasses(classes)
          .map(({ id }) => classWeighting.weights[String(id)] ?? 1)
          .join(",")
      : classWeighting.kind,
    ...(ignored.length === 0 ? [] : ["--ignore", ignored.join(",")]),
    ...option("--sampling", settings.sampling === "grid" ? null : settings.sampling),
    ...augmentationWords(settings.augmentation),
    ...["--split", JSON.stringify(settings.split)],
    ...option("--seed", settings.seed),
  ];
}

function option(name: string, value: string | number | null): string[] {
  return value === null ? [] : [name, String(value)];
}

function augmentationWords({ flips, quarterTurns, ...amounts }: Augmentation): string[] {
  const parts = [
    ...(flips ? ["flips"] : []),
    ...(quarterTurns ? ["turns"] : []),
    ...Object.entries(amounts)
      .filter(([, amount]) => amount > 0)
      .map(([name, amount]) => `${name}=${amount}`),
  ];
  return parts.length === 0 ? ["--no-augment"] : ["--augment", parts.join(",")];
}
