import { type Command, Option } from "commander";
import {
  noAugmentation,
  optimizerDefaults,
  precisionSchema,
  samplingSchema,
  scheduleDefaults,
  trainingSettingsSchema,
  type Augmentation,
  type ClippingSettings,
  type EarlyStoppingSettings,
  type OptimizerSettings,
  type Precision,
  type Sampling,
  type ScheduleSettings,
  type TrainingSettings,
} from "#shared/training/training-settings.ts";
import { defaultSettings } from "../host/training/presets.ts";
import { realNumber, share, wholeNumber } from "./option-values.ts";
import { UsageError } from "./cli-io.ts";

/** Options of `train` on how it learns, beside those on network, data and length. */
export interface LearningOptions {
  readonly optimizer: string;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  readonly schedule: string;
  readonly warmup?: number;
  readonly decayEvery?: number;
  readonly decayFactor?: number;
  readonly plateauPatience?: number;
  readonly clipNorm?: number;
  readonly clipValue?: number;
  readonly l2: number;
  readonly accumulate: number;
  readonly precision: Precision;
  readonly earlyStopping?: number;
  readonly earlyStoppingOn: EarlyStoppingSettings["measure"];
  readonly sampling: Sampling;
  readonly augment: boolean | string;
}

/** Declares the options of `LearningOptions`. */
export function addLearningOptions(command: Command): Command {
  return command
    .option("--optimizer <name>", Object.keys(optimizerDefaults).join(", "), defaultSettings.optimizer.kind)
    .option("--momentum <share>", "of sgd (default: 0.9)", share(0, 0.9999))
    .option("--nesterov", "sgd looks ahead along its momentum")
    .option("--weight-decay <share>", "of adamw (default: 0.004)", share(0, 1))
    .addOption(
      new Option("--schedule <name>", "how the learning rate changes")
        .choices(Object.keys(scheduleDefaults))
        .default("constant"),
    )
    .option("--warmup <epochs>", "of the cosine schedule (default: 1)", share(0, 100_000))
    .option("--decay-every <epochs>", "of the step schedule (default: 10)", wholeNumber(1, 100_000))
    .option("--decay-factor <factor>", "of the step and plateau schedules (default: 0.5)", realNumber(0, 1))
    .option(
      "--plateau-patience <epochs>",
      "of the plateau schedule, on the validation loss (default: 5)",
      wholeNumber(1, 10_000),
    )
    .addOption(
      new Option("--clip-norm <limit>", "scales gradients down together to this norm")
        .argParser(realNumber(0))
        .conflicts("clipValue"),
    )
    .option("--clip-value <limit>", "cuts each number of the gradients off at this", realNumber(0))
    .option("--l2 <factor>", "adds this times the sum of squares of all kernels to the loss", share(0, 1), 0)
    .option(
      "--accumulate <n>",
      "adds up the gradients of so many steps for an update",
      wholeNumber(1, 1024),
      1,
    )
    .addOption(
      new Option("--precision <type>", "numbers that convolutions work with; half ones are for GPUs")
        .choices(precisionSchema.options)
        .default("float32"),
    )
    .option(
      "--early-stopping <epochs>",
      "end after so many epochs without a better validation",
      wholeNumber(1, 10_000),
    )
    .addOption(
      new Option("--early-stopping-on <measure>", "what has to get better")
        .choices(["mean-iou", "loss"])
        .default("mean-iou"),
    )
    .addOption(
      new Option(
        "--sampling <way>",
        "where training windows lie: the tile grid, anywhere, or anywhere with each class equally often",
      )
        .choices(samplingSchema.options)
        .default("grid"),
    )
    .option(
      "--augment <list>",
      "how training tiles are varied: flips,turns,scale=0.25,brightness=0.1,contrast=0.1,hue=0.05,noise=0.02",
      "flips,turns",
    )
    .option("--no-augment", "don't vary training tiles");
}

/** The part of the settings that these options decide. Throws `UsageError` for options that don't go together. */
export function learningSettings(
  options: LearningOptions,
): Pick<
  TrainingSettings,
  | "optimizer"
  | "schedule"
  | "clipping"
  | "l2"
  | "accumulation"
  | "precision"
  | "earlyStopping"
  | "sampling"
  | "augmentation"
> {
  return {
    optimizer: optimizerOf(options),
    schedule: scheduleOf(options),
    clipping: clippingOf(options),
    l2: options.l2,
    accumulation: options.accumulate,
    precision: options.precision,
    earlyStopping:
      options.earlyStopping === undefined
        ? null
        : { measure: options.earlyStoppingOn, patience: options.earlyStopping },
    sampling: options.sampling,
    augmentation: augmentationOf(options.augment),
  };
}

function optimizerOf({ optimizer, momentum, nesterov, weightDecay }: LearningOptions): OptimizerSettings {
  if (optimizer !== "sgd" && (momentum !== undefined || nesterov === true)) {
    throw new UsageError(`--momentum and --nesterov belong to --optimizer sgd, not ${optimizer}.`);
  }
  if (optimizer !== "adamw" && weightDecay !== undefined) {
    throw new UsageError(`--weight-decay belongs to --optimizer adamw, not ${optimizer}: --l2 is for all.`);
  }
  switch (optimizer) {
    case "adam":
      return optimizerDefaults.adam;
    case "adamw":
      return { kind: "adamw", weightDecay: weightDecay ?? optimizerDefaults.adamw.weightDecay };
    case "sgd":
      return {
        kind: "sgd",
        momentum: momentum ?? optimizerDefaults.sgd.momentum,
        nesterov: nesterov ?? false,
      };
    default:
      throw new UsageError(
        `--optimizer ${optimizer}: expected one of ${Object.keys(optimizerDefaults).join(", ")}.`,
      );
  }
}

function scheduleOf(options: LearningOptions): ScheduleSettings {
  const { schedule, warmup, decayEvery, decayFactor, plateauPatience } = options;
  const given = [
    { option: "--warmup", value: warmup, belongsTo: ["cosine"] },
    { option: "--decay-every", value: decayEvery, belongsTo: ["step"] },
    { option: "--decay-factor", value: decayFactor, belongsTo: ["step", "plateau"] },
    { option: "--plateau-patience", value: plateauPatience, belongsTo: ["plateau"] },
  ];
  const stray = given.find(({ value, belongsTo }) => value !== undefined && !belongsTo.includes(schedule));
  if (stray !== undefined) {
    throw new UsageError(
      `${stray.option} belongs to --schedule ${stray.belongsTo.join(" or ")}, not ${schedule}.`,
    );
  }
  switch (schedule) {
    case "step":
      return {
        kind: "step",
        everyEpochs: decayEvery ?? scheduleDefaults.step.everyEpochs,
        factor: decayFactor ?? scheduleDefaults.step.factor,
      };
    case "cosine":
      return { kind: "cosine", warmupEpochs: warmup ?? scheduleDefaults.cosine.warmupEpochs };
    case "plateau":
      return {
        kind: "plateau",
        patience: plateauPatience ?? scheduleDefaults.plateau.patience,
        factor: decayFactor ?? scheduleDefaults.plateau.factor,
      };
    default:
      return { kind: "constant" };
  }
}

function clippingOf({ clipNorm, clipValue }: LearningOptions): ClippingSettings {
  if (clipNorm !== undefined) {
    return { kind: "norm", limit: clipNorm };
  }
  return clipValue === undefined ? { kind: "none" } : { kind: "value", limit: clipValue };
}

/** The most of each variation that has an amount. */
const AMOUNTS = { scale: 1, brightness: 1, contrast: 1, hue: 0.5, noise: 1 } as const;

function augmentationOf(given: boolean | string): Augmentation {
  if (typeof given === "boolean") {
    return given ? defaultSettings.augmentation : noAugmentation;
  }
  let augmentation = noAugmentation;
  for (const part of given.split(",").map((word) => word.trim())) {
    const [name = "", amount] = part.split("=");
    if (name === "flips" && amount === undefined) {
      augmentation = { ...augmentation, flips: true };
    } else if (name === "turns" && amount === undefined) {
      augmentation = { ...augmentation, quarterTurns: true };
    } else if (isAmount(name) && Number(amount) >= 0 && Number(amount) <= AMOUNTS[name] && amount !== "") {
      augmentation = { ...augmentation, [name]: Number(amount) };
    } else {
      throw new UsageError(
        `--augment ${given}: at “${part}” expected flips, turns, or ${Object.entries(AMOUNTS)
          .map(([known, most]) => `${known}=0–${most}`)
          .join(", ")}.`,
      );
    }
  }
  return augmentation;
}

function isAmount(name: string): name is keyof typeof AMOUNTS {
  return name in AMOUNTS;
}

/** Options whose names aren't those of the settings they make. */
const optionNames: Partial<Record<string, string>> = {
  architecture: "--model",
  tilePixels: "--tile",
  inputPixels: "--resize",
  learningRate: "--lr",
  clipping: "--clip-norm or --clip-value",
};

/** The settings, if a run with them can be read again. Throws `UsageError`, naming the option, where a number is beyond what any run may have. */
export function checkedSettings(settings: TrainingSettings): TrainingSettings {
  const checked = trainingSettingsSchema.safeParse(settings);
  const [issue] = checked.error?.issues ?? [];
  if (issue !== undefined) {
    const [name = ""] = issue.path.map(String);
    throw new UsageError(`${optionNames[name] ?? `--${name}`}: ${issue.message}.`);
  }
  return settings;
}
