import { stat } from "node:fs/promises";
import path from "node:path";
import type { Command } from "commander";
import type { LandClass } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { parseLossExpression } from "#shared/training/loss-expression.ts";
import {
  splitSettingsSchema,
  upsamplingSchema,
  type SplitSettings,
  type TrainingSettings,
} from "#shared/training/training-settings.ts";
import { commandLine } from "#shared/command-line/command-lines.ts";
import { toHostError } from "../host/host-error.ts";
import type { Learning } from "../host/learning.ts";
import type { Project } from "../host/projects/project.ts";
import { architectureEntry } from "../host/runs/index.ts";
import { weightsOfRun, type FirstWeights } from "../host/training/first-weights.ts";
import { leftOutSentence, type StartedRun } from "../host/training/index.ts";
import { defaultSettings } from "../host/training/presets.ts";
import { suggestBlocks, suggestSplit } from "../host/training/suggest-settings.ts";
import { checkLoss, lossIds } from "../host/training/plan-training.ts";
import { labelledMosaics, splitMosaics } from "../host/training/training-data.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { listSplits } from "../host/saved-splits/index.ts";
import { findRun } from "./find-run.ts";
import { answerOf, EndedRunError, followRun, summaryOf } from "./follow-run.ts";
import { declareSweepOptions, followQueue, sweepTrainings, type SweepOptions } from "./train-sweep.ts";
import { mosaicsNamed } from "./open-run.ts";
import { jsonValue, realNumber, wholeNumber } from "./option-values.ts";
import { countedProject, warnOfProblems } from "./project-problems.ts";
import { readSplitFile } from "./split-file.ts";
import {
  checkedSettings,
  addLearningOptions,
  learningSettings,
  type LearningOptions,
} from "./train-options.ts";

export interface TrainOptions extends LearningOptions, SweepOptions {
  readonly model?: string;
  readonly width?: number;
  readonly upsampling?: string;
  readonly weights?: string;
  readonly weightsInput?: string;
  readonly freezeEncoder: boolean;
  readonly tile: number;
  readonly resize?: number;
  readonly epochs?: number;
  readonly batch: number;
  readonly lr: number;
  readonly loss?: string;
  readonly classWeights?: string;
  readonly ignore: readonly string[];
  readonly split?: string;
  readonly mosaics?: string;
  readonly validation: number;
  readonly seed: number;
  readonly resume?: string;
  readonly fromBest?: boolean;
  readonly out?: string;
  readonly maxSteps?: number;
}

/** Declares `orthomask train` with all of its options. */
export function declareTrainCommand(program: Command): Command {
  const command = program
    .command("train")
    .description("train a network on a project, or a folder with images/ and masks/")
    .argument("<dir>", "the folder")
    .option("--model <id>", "the network; `orthomask models` lists them (default: unet)")
    .option("--width <n>", "filters of the first stage, for the families that scale", wholeNumber(1, 512))
    .option(
      "--upsampling <way>",
      "how coarse features are enlarged: bilinear, transposed, unpooling or nearest (default: the network's own way)",
    )
    .option(
      "--weights <file>",
      "begin with these: Keras' .h5, .weights.h5 or .keras, a checkpoint, or a run; layers go by name",
    )
    .option(
      "--weights-input <kind>",
      "what images --weights were learned from: unit (bands as they are, 0 to 1), or imagenet (BGR, 0 to 255 less ImageNet's means; default for Keras' own VGG16 files)",
    )
    .option("--freeze-encoder", "leave the encoder as the weights have it", false)
    .option("--tile <pixels>", "side of the windows cut from the mosaics", wholeNumber(32, 4096), 256)
    .option("--resize <pixels>", "side of what the network sees of a tile", wholeNumber(32, 2048))
    .option(
      "--epochs <n>",
      `times through all tiles (default: ${defaultSettings.epochs})`,
      wholeNumber(1, 100_000),
    )
    .option("--batch <n>", "tiles a step", wholeNumber(1, 512), defaultSettings.batch)
    .option("--lr <rate>", "learning rate", realNumber(0), defaultSettings.learningRate)
    .option(
      "--loss <sum>",
      `${lossIds().join(", ")}, or a weighted sum of them with their numbers: "focal(gamma=2)+0.5*dice"`,
    )
    .option(
      "--class-weights <weights>",
      "auto, none, or one for each class that counts: 1,2.5,0.7 (default: auto where the loss takes weights)",
    )
    .option("--ignore <id>", "a class that counts for nothing; may be given again", collect, [])
    .option(
      "--split <way>",
      "random, mosaic, blocks, a saved split's name, a file or folder with tile lists, or JSON (default: mosaic if possible, else blocks)",
    )
    .option("--validation <share>", "share held out to measure on", realNumber(0, 1), 0.25)
    .option(
      "--seed <n>",
      "decides first weights, split and order",
      wholeNumber(0, 0xffff_ffff),
      defaultSettings.seed,
    )
    .option(
      "--resume <run>",
      "go on with a run that was stopped; its own settings hold, but for --epochs and --max-steps",
    )
    .option(
      "--from-best",
      "with --resume: go on from the best epoch and leave out those after it, where the last weights are damaged",
    )
    .option(
      "--mosaics <names>",
      "train on these mosaics only, with commas between (default: all with a mask)",
    )
    .option("--out <dir>", "the folder for the run (default: where the project keeps its own files)")
    .option("--max-steps <n>", "end after this many steps in all", wholeNumber(1, 1e9));
  return declareSweepOptions(addLearningOptions(command));
}

/** `orthomask train`: trains a network on a folder of mosaics and masks. */
export function registerTrainCommand(program: Command, io: CliIo): void {
  declareTrainCommand(program).action(async (dir: string, options: TrainOptions) => {
    refuseUnknown("--model", () => architectureEntry(options.model ?? "unet"));
    refuseUnknown("--loss", () => {
      checkLoss({ ...defaultSettings, loss: options.loss ?? defaultSettings.loss });
    });
    if (options.freezeEncoder && options.weights === undefined) {
      throw new UsageError("--freeze-encoder needs --weights: at random, an encoder is not worth keeping.");
    }
    if (options.sweep.length > 0 && (options.out !== undefined || options.resume !== undefined)) {
      throw new UsageError(
        `--sweep queues several new runs in the project: it doesn't go with --${options.out === undefined ? "resume" : "out"}.`,
      );
    }
    const { projects, learning, jobs } = await io.services();
    const project = await projects.open(dir, { remember: false });
    await countedProject(project, io);
    warnOfProblems(project, io);
    if (options.sweep.length > 0) {
      const queued = await queueSweep(learning, project, options, io);
      await followQueue(io, learning, project, queued);
      return;
    }
    const started =
      options.resume === undefined
        ? await startNew(learning, project, options, io)
        : await resumeRun(learning, project, options.resume, options, io);
    const run = await followRun(io, learning, project, started, () => {
      jobs.cancel(started.jobId);
    }).catch((error: unknown) => {
      throw error instanceof EndedRunError ? withWayOn(error, dir, options, started) : error;
    });
    if (io.signal.aborted) {
      io.note(interruptionLine(run.history.length, resumeCommand(dir, options, started)));
    }
    io.answer(answerOf(run, started.directory), () => summaryOf(run, started.directory));
  });
}

async function startNew(
  learning: Learning,
  project: Project,
  options: TrainOptions,
  io: CliIo,
): Promise<StartedRun> {
  const classes = classesWithIgnored(project.snapshot().classes, options.ignore);
  const settings = checkedSettings(await settingsOf(options, project, classes));
  const plan = await learning.training.plan(project, settings, { classes });
  for (const warning of plan.warnings) {
    io.warn(warning);
  }
  io.note(
    `${settings.architecture}: ${plan.parameters.toLocaleString("en-US")} parameters; ${plan.trainingTiles} ${plan.trainingTiles === 1 ? "tile" : "tiles"} to train on ` +
      `(${plan.trainingMosaics.join(", ")}), ${plan.validationTiles} to validate on (${plan.validationMosaics.join(", ")})`,
  );
  if (
    plan.memory !== null &&
    plan.memory.largestBatch === settings.batch &&
    plan.estimatedBytes > plan.memory.freeBytes
  ) {
    io.warn(
      `a step needs about ${gigabytes(plan.estimatedBytes)}, but only ${gigabytes(plan.memory.freeBytes)} are free just now: a smaller --batch needs less.`,
    );
  }
  io.signal.throwIfAborted();
  const directory = options.out === undefined ? undefined : path.resolve(options.out);
  return learning.training.start(project, settings, {
    classes,
    directory,
    name: options.name ?? null,
    weights: await firstWeightsOf(learning, options),
  });
}

async function queueSweep(
  learning: Learning,
  project: Project,
  options: TrainOptions,
  io: CliIo,
): Promise<readonly StartedRun[]> {
  const classes = classesWithIgnored(project.snapshot().classes, options.ignore);
  const base = checkedSettings(await settingsOf(options, project, classes));
  const trainings = sweepTrainings(base, options);
  io.note(`${trainings.length} ${trainings.length === 1 ? "training" : "trainings"}, one after another`);
  io.signal.throwIfAborted();
  const weights = await firstWeightsOf(learning, options);
  return learning.training.startAll(project, trainings, { classes, weights });
}

async function firstWeightsOf(learning: Learning, options: TrainOptions): Promise<FirstWeights | null> {
  return options.weights === undefined
    ? null
    : weightsGiven(learning, options.weights, weightsInputOf(options));
}

/** A file of weights, or the best ones of a run by its id or folder. */
async function weightsGiven(
  learning: Learning,
  given: string,
  input: "unit" | "imagenet" | null,
): Promise<FirstWeights> {
  const filePath = path.resolve(given);
  const found = await stat(filePath).catch(() => null);
  return found?.isFile() === true && path.basename(filePath) !== "run.json"
    ? { path: filePath, name: path.basename(filePath), input }
    : weightsOfRun(
        await findRun(learning.runs, given).catch((cause: unknown) => {
          throw new RpcError("not-found", `--weights ${given}: there is no such file, and no such run.`, {
            cause,
          });
        }),
      );
}

function weightsInputOf({ weights, weightsInput }: TrainOptions): "unit" | "imagenet" | null {
  if (weightsInput === undefined) {
    return null;
  }
  if (weights === undefined) {
    throw new UsageError("--weights-input needs --weights: it says what images they were learned from.");
  }
  if (weightsInput !== "unit" && weightsInput !== "imagenet") {
    throw new UsageError(`--weights-input ${weightsInput}: expected unit or imagenet.`);
  }
  return weightsInput;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

async function resumeRun(
  learning: Learning,
  project: Project,
  given: string,
  { epochs, maxSteps, fromBest }: TrainOptions,
  io: CliIo,
): Promise<StartedRun> {
  const { run, directory } = await findRun(learning.runs, given);
  const known = await learning.runs.get(project.id, run.id).catch(() => null);
  if (known === null) {
    await learning.runs.adopt(project, directory);
  }
  const leftOut = leftOutSentence(run, project.snapshot().classes);
  if (leftOut !== null) {
    io.warn(leftOut);
  }
  const limits = { epochs, maxSteps, from: fromBest === true ? "best" : "last" } as const;
  return learning.training.resume(project, run.id, limits).catch((error: unknown) => {
    throw error instanceof RpcError && error.code === "damaged"
      ? new RpcError(error.code, `${error.message} Ask for that with --from-best.`, { cause: error })
      : error;
  });
}

function withWayOn(
  { message, run }: EndedRunError,
  dir: string,
  options: TrainOptions,
  started: StartedRun,
): RpcError {
  return new RpcError(
    "internal",
    run.history.length === 0 ? message : `${message} Go on with: ${resumeCommand(dir, options, started)}`,
  );
}

function interruptionLine(epochs: number, command: string): string {
  return epochs === 0
    ? `interrupted before the first epoch had ended; start it again with: ${command}`
    : `interrupted after epoch ${epochs}; go on with: ${command}`;
}

/** A run outside the project's own storage is known by its folder only. */
function resumeCommand(dir: string, { out, resume }: TrainOptions, { runId, directory }: StartedRun): string {
  const run = resume ?? (out === undefined ? runId : directory);
  return commandLine(["train", dir, "--resume", run]);
}

/** The settings that these options mean for a project. Throws `UsageError`. */
export async function settingsOf(
  options: TrainOptions,
  project: Project,
  classes: readonly LandClass[],
): Promise<TrainingSettings> {
  const classWeighting = classWeightingOf(options.classWeights, classes);
  // Weights that no loss uses would be forgotten without a word.
  const loss = options.loss ?? (classWeighting.kind === "none" ? "crossentropy" : "weighted-crossentropy");
  return {
    ...defaultSettings,
    ...learningSettings(options),
    architecture: options.model ?? "unet",
    width: options.width ?? null,
    upsampling: upsamplingOf(options.upsampling),
    freezeEncoder: options.freezeEncoder,
    tilePixels: options.tile,
    inputPixels: options.resize ?? null,
    batch: options.batch,
    epochs: options.epochs ?? defaultSettings.epochs,
    maxSteps: options.maxSteps ?? null,
    learningRate: options.lr,
    loss,
    classWeighting:
      options.classWeights === undefined && usesClassWeights(loss) ? { kind: "auto" } : classWeighting,
    split: await splitOf(options, project),
    mosaicIds:
      options.mosaics === undefined
        ? null
        : mosaicsNamed(labelledMosaics(project, null), options.mosaics).map(({ id }) => id),
    seed: options.seed,
  };
}

function usesClassWeights(loss: string): boolean {
  return parseLossExpression(loss).some(({ id }) => id === "weighted-crossentropy");
}

function upsamplingOf(given: string | undefined): TrainingSettings["upsampling"] {
  if (given === undefined) {
    return null;
  }
  const parsed = upsamplingSchema.safeParse(given);
  if (!parsed.success) {
    throw new UsageError(`--upsampling ${given}: expected one of ${upsamplingSchema.options.join(", ")}.`);
  }
  return parsed.data;
}

async function splitOf({ split, validation, tile }: TrainOptions, project: Project): Promise<SplitSettings> {
  switch (split) {
    case "random":
    case "mosaic":
      return { kind: split, share: validation };
    case "blocks":
      return suggestBlocks(
        labelledMosaics(project, null).map(({ image }) => image),
        tile,
        validation,
      );
    case undefined: {
      const suggested = suggestSplit(splitMosaics(project, labelledMosaics(project, null)), tile);
      return suggested.kind === "list" || suggested.kind === "saved"
        ? suggested
        : { ...suggested, share: validation };
    }
    default: {
      if (split.trimStart().startsWith("{")) {
        return jsonValue("--split", split, splitSettingsSchema);
      }
      const saved = (await listSplits(project)).find(({ name, id }) => name === split || id === split);
      return saved === undefined
        ? readSplitFile(split)
        : { kind: "saved", splitId: saved.id, name: saved.name };
    }
  }
}

function classWeightingOf(
  given: string | undefined,
  classes: readonly LandClass[],
): TrainingSettings["classWeighting"] {
  if (given === undefined || given === "none") {
    return { kind: "none" };
  }
  if (given === "auto") {
    return { kind: "auto" };
  }
  const counted = classes.filter(({ ignore }) => !ignore);
  const weights = given.split(",").map(Number);
  if (weights.length !== counted.length || weights.some((weight) => !(weight >= 0))) {
    throw new UsageError(
      `--class-weights ${given}: expected auto, none, or ${counted.length} numbers for ${counted.map(({ name }) => name).join(", ")}.`,
    );
  }
  return {
    kind: "manual",
    weights: Object.fromEntries(counted.map(({ id }, index) => [String(id), weights[index] ?? 1])),
  };
}

function classesWithIgnored(classes: readonly LandClass[], ignored: readonly string[]): LandClass[] {
  const ids = ignored.flatMap((text) => text.split(",")).map(Number);
  const unknown = ids.find((id) => !classes.some((item) => item.id === id));
  // 255 is never a class, and ignoring it is what people write out of habit.
  if (unknown !== undefined && unknown !== 255) {
    throw new UsageError(
      `--ignore ${unknown}: the classes are ${classes.map(({ id, name }) => `${id} ${name}`).join(", ")}.`,
    );
  }
  return classes.map((item) => (ids.includes(item.id) ? { ...item, ignore: true } : item));
}

/** Turns the refusal of an option's value into wrong usage. */
function refuseUnknown(option: string, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    throw new UsageError(`${option}: ${toHostError(error).message}`, { cause: error });
  }
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
