import { z } from "zod";
import {
  optimizerDefaults,
  scheduleDefaults,
  trainingSettingsSchema,
  type TrainingSettings,
} from "./training-settings.ts";

/** The most trainings that are queued at once. */
export const MOST_TRAININGS = 256;

/** What a setting takes, as far as a form can help with it. */
export type SweepValues =
  | { readonly kind: "number"; readonly whole: boolean }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  /** Kinds of something that has settings of its own, which then take their defaults. */
  | { readonly kind: "variant"; readonly choices: readonly string[] }
  | { readonly kind: "text" };

/** One setting that a sweep can vary. */
export interface SweepableSetting {
  /** Where it stands in the settings: `learningRate`, `optimizer.momentum`. */
  readonly key: string;
  /** As a person reads it: "learning rate". */
  readonly words: string;
  /** As the command line names it: `learning-rate`, `optimizer.momentum`. */
  readonly option: string;
  readonly values: SweepValues;
  /** Whether it may be left to the network or left out, which is written `none`. */
  readonly takesNone: boolean;
}

/** A setting and the values it takes in turn. */
export interface SweepAxis {
  readonly setting: SweepableSetting;
  /** In the words that a person writes: `0.001`, `adamw`, `none`. */
  readonly values: readonly string[];
}

/** One training of a sweep. */
export interface SweepTraining {
  readonly settings: TrainingSettings;
  /** What is its own: "learning rate 0.001, width 8"; empty where there is nothing to tell it from. */
  readonly words: string;
}

/** Settings that a sweep doesn't vary: which data is trained on, and what has a version for a value. */
const KEPT = new Set(["version", "split", "mosaicIds"]);

/** Words for settings, by where they stand without `.kind`; written out, so that they can be translated. */
const WORDS: Readonly<Record<string, string>> = {
  architecture: "network",
  width: "width",
  upsampling: "upsampling",
  freezeEncoder: "freeze encoder",
  tilePixels: "tile",
  inputPixels: "network input",
  batch: "batch",
  accumulation: "accumulation",
  epochs: "epochs",
  maxSteps: "max steps",
  learningRate: "learning rate",
  optimizer: "optimizer",
  schedule: "schedule",
  clipping: "clipping",
  precision: "precision",
  l2: "L2",
  loss: "loss",
  classWeighting: "class weighting",
  sampling: "sampling",
  "split.splitId": "split’s own number",
  "augmentation.flips": "augmentation flips",
  "augmentation.quarterTurns": "augmentation quarter turns",
  "augmentation.scale": "augmentation scale",
  "augmentation.brightness": "augmentation brightness",
  "augmentation.contrast": "augmentation contrast",
  "augmentation.hue": "augmentation hue",
  "augmentation.noise": "augmentation noise",
  seed: "seed",
  mosaicIds: "mosaics",
};

/** What the options of `orthomask train` are called where that isn't the setting's own name. */
const OPTIONS: Readonly<Record<string, string>> = {
  architecture: "model",
  tilePixels: "tile",
  inputPixels: "resize",
};

/** Whole values for settings that are more than their kind. */
const KINDS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  optimizer: optimizerDefaults,
  schedule: scheduleDefaults,
};

/** A JSON schema as `z.toJSONSchema` writes one, as far as it is looked at here. */
interface Shape {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
}

/** All settings that can be varied, those of the optimizer, the schedule and so on as they are in `base`; read off the settings' own schema. */
export function sweepableSettings(base: TrainingSettings): SweepableSetting[] {
  const { properties = {} } = z.toJSONSchema(trainingSettingsSchema, { io: "input" }) as Shape;
  return Object.entries(properties)
    .filter(([key]) => !KEPT.has(key))
    .flatMap(([key, shape]) => settingsOf(key, shape, (base as Record<string, unknown>)[key]));
}

/** The setting that a word of the command line means: its option, its name in the settings, or `lr`; null for none. */
export function sweepableSetting(base: TrainingSettings, word: string): SweepableSetting | null {
  const known = word === "lr" ? "learning-rate" : word;
  return sweepableSettings(base).find(({ key, option }) => option === known || key === known) ?? null;
}

function settingsOf(key: string, shape: Shape, value: unknown): SweepableSetting[] {
  const options = shape.anyOf ?? [shape];
  const takesNone = options.some(({ type }) => type === "null");
  const [own = {}] = options.filter(({ type }) => type !== "null");
  const one = (values: SweepValues): SweepableSetting => ({
    key,
    words: settingWords(key),
    option: optionOf(key),
    values,
    takesNone,
  });
  if (own.enum !== undefined) {
    return [one({ kind: "choice", choices: own.enum.map(String) })];
  }
  const kinds = own.oneOf;
  if (kinds !== undefined) {
    const kindOf = ({ properties }: Shape): string => String(properties?.["kind"]?.const);
    const chosen = kinds.find((kind) => isObject(value) && kindOf(kind) === value["kind"]);
    return [
      one({ kind: "variant", choices: kinds.filter((kind) => isWhole(key, kind)).map(kindOf) }),
      ...membersOf(key, chosen, value).filter(({ key: member }) => member !== `${key}.kind`),
    ];
  }
  switch (own.type) {
    case "boolean":
      return [one({ kind: "choice", choices: ["true", "false"] })];
    case "number":
    case "integer":
      return [one({ kind: "number", whole: own.type === "integer" })];
    case "object":
      return membersOf(key, own, value);
    default:
      return own.const === undefined ? [one({ kind: "text" })] : [];
  }
}

/** What stands inside a setting, where it is there now. */
function membersOf(key: string, shape: Shape | undefined, value: unknown): SweepableSetting[] {
  return isObject(value)
    ? Object.entries(shape?.properties ?? {})
        .filter(([, { type, oneOf }]) => type !== "object" || oneOf !== undefined)
        .flatMap(([name, inner]) => settingsOf(`${key}.${name}`, inner, value[name]))
    : [];
}

/** Whether a kind says all there is to say, or has numbers to begin with. */
function isWhole(key: string, { properties = {} }: Shape): boolean {
  const kind = String(properties["kind"]?.const);
  return Object.keys(properties).length === 1 || KINDS[key]?.[kind] !== undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A setting as a person reads it, by where it stands in the settings: "learning rate" for `learningRate`, "optimizer" for `optimizer.kind`. */
export function settingWords(key: string): string {
  const kindless = key.replace(/\.kind$/, "");
  return (
    WORDS[kindless] ??
    kindless.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll(".", " ")
  );
}

function optionOf(key: string): string {
  return OPTIONS[key] ?? key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The values in a list as a person writes one: commas or spaces between, but not inside brackets. */
export function sweepValues(text: string): string[] {
  const values: string[] = [];
  let depth = 0;
  let word = "";
  for (const letter of `${text},`) {
    depth += "([{".includes(letter) ? 1 : ")]}".includes(letter) ? -1 : 0;
    if (depth <= 0 && /[,;\s]/.test(letter)) {
      values.push(word);
      word = "";
    } else {
      word += letter;
    }
  }
  return [...new Set([...values, word].filter((value) => value !== ""))];
}

/** A setting's value as a person writes it. */
export function writtenValue(settings: TrainingSettings, key: string): string {
  const value = key
    .split(".")
    .reduce<unknown>((inside, name) => (isObject(inside) ? inside[name] : undefined), settings);
  if (isObject(value)) {
    return typeof value["kind"] === "string" ? value["kind"] : "";
  }
  return value === null || value === undefined ? "none" : JSON.stringify(value).replaceAll('"', "");
}

/**
 * Every combination of the values, the last axis changing fastest, with what its trainings differ in. Throws a `RangeError` with a sentence for a value that the setting doesn't take and for more
 * than `MOST_TRAININGS`. As in the form, another network brings its own width and way of enlarging unless they are varied too.
 */
export function expandSweep(base: TrainingSettings, axes: readonly SweepAxis[]): SweepTraining[] {
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  if (count > MOST_TRAININGS) {
    throw new RangeError(
      `These are ${count} trainings, and at most ${MOST_TRAININGS} can be queued at once.`,
    );
  }
  const varied = new Set(axes.map(({ setting }) => setting.key));
  if (varied.size < axes.length) {
    throw new RangeError("Each setting can be varied once.");
  }
  let combinations: (readonly string[])[] = [[]];
  for (const { values } of axes) {
    combinations = combinations.flatMap((before) => values.map((value) => [...before, value]));
  }
  return combinations.map((combination) => {
    const choices = axes.map((axis, index) => ({ ...axis, value: combination[index] ?? "" }));
    // What all have in common tells none from another.
    const words = choices
      .filter(({ values }) => values.length > 1 || axes.length === 1)
      .map(({ setting, value }) => `${setting.words} ${value}`)
      .join(", ");
    // From the outer to the inner: an optimizer's kind is set before its momentum, whichever was named first.
    const settings = [...choices]
      .sort((first, second) => depthOf(first.setting) - depthOf(second.setting))
      .reduce((changed, { setting, value }) => withValue(changed, setting, value, varied), base);
    return { settings: checked(settings, words), words };
  });
}

function depthOf({ key }: SweepableSetting): number {
  return key.split(".").length;
}

function withValue(
  settings: TrainingSettings,
  setting: SweepableSetting,
  text: string,
  varied: ReadonlySet<string>,
): TrainingSettings {
  const value = valueOf(setting, text);
  const changed = withMember(settings, setting.key.split("."), value) as TrainingSettings;
  if (setting.key !== "architecture" || value === settings.architecture) {
    return changed;
  }
  return {
    ...changed,
    width: varied.has("width") ? changed.width : null,
    upsampling: varied.has("upsampling") ? changed.upsampling : null,
  };
}

function withMember(target: unknown, [name = "", ...rest]: readonly string[], value: unknown): unknown {
  const members = isObject(target) ? target : {};
  return { ...members, [name]: rest.length === 0 ? value : withMember(members[name], rest, value) };
}

function valueOf(setting: SweepableSetting, text: string): unknown {
  const { key, words, values, takesNone } = setting;
  if (takesNone && text === "none") {
    return null;
  }
  switch (values.kind) {
    case "number": {
      const value = Number(text);
      if (text.trim() === "" || !Number.isFinite(value) || (values.whole && !Number.isInteger(value))) {
        throw new RangeError(
          `${words} ${text}: expected a ${values.whole ? "whole number" : "number"}${takesNone ? " or none" : ""}.`,
        );
      }
      return value;
    }
    case "choice":
    case "variant": {
      if (!values.choices.includes(text)) {
        throw new RangeError(
          `${words} ${text}: expected one of ${[...values.choices, ...(takesNone ? ["none"] : [])].join(", ")}.`,
        );
      }
      if (values.kind === "variant") {
        return KINDS[key]?.[text] ?? { kind: text };
      }
      return text === "true" || text === "false" ? text === "true" : text;
    }
    case "text":
      return text;
  }
}

function checked(settings: TrainingSettings, words: string): TrainingSettings {
  const parsed = trainingSettingsSchema.safeParse(settings);
  const [issue] = parsed.error?.issues ?? [];
  if (issue !== undefined) {
    throw new RangeError(`${words}: ${issue.path.join(".")}: ${issue.message}.`);
  }
  return settings;
}

/** The name of a sweep's training, of at most 120 characters. */
export function sweepName(prefix: string, words: string): string {
  const name = words === "" ? prefix : `${prefix}: ${words}`;
  return name.length <= 120 ? name : `${name.slice(0, 119)}…`;
}
