import {
  expandSweep,
  sweepableSettings,
  sweepValues,
  writtenValue,
  type SweepableSetting,
  type SweepAxis,
  type SweepTraining,
} from "#shared/training/sweep.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";
import type { TrainingOptions } from "./training-form.svelte.ts";

/** One setting that is to be varied, and its values as they are written. */
export interface SweepRow {
  readonly id: number;
  readonly key: string;
  readonly text: string;
}

/** A value that can be ticked instead of written. */
export interface SweepChoice {
  readonly value: string;
  readonly label: string;
}

/** What the rows come to. */
export type SweepOutcome =
  | { readonly kind: "nothing" }
  | { readonly kind: "wrong"; readonly sentence: string }
  | {
      readonly kind: "ready";
      readonly axes: readonly SweepAxis[];
      readonly trainings: readonly SweepTraining[];
    };

/** As many settings can be varied at once: more make a table that nobody reads. */
export const MOST_AXES = 3;

/** Settings on which the time of an epoch depends, so that a measure of other ones is only a hint. */
const COSTLY = new Set([
  "architecture",
  "width",
  "upsampling",
  "tilePixels",
  "inputPixels",
  "batch",
  "precision",
  "freezeEncoder",
]);

/** A sweep as it is put together: which settings are varied, and through which values. */
export class SweepDraft {
  readonly base: TrainingSettings;
  readonly settings: readonly SweepableSetting[];
  readonly #options: TrainingOptions;
  #rows: readonly SweepRow[] = $state.raw([]);
  #lastId = 0;
  readonly #outcome: SweepOutcome = $derived.by(() => this.#expand());

  constructor(base: TrainingSettings, options: TrainingOptions) {
    this.base = base;
    this.#options = options;
    this.settings = sweepableSettings(base);
    this.add("learningRate");
  }

  get rows(): readonly SweepRow[] {
    return this.#rows;
  }

  get outcome(): SweepOutcome {
    return this.#outcome;
  }

  /** Settings that no row varies yet. */
  get left(): SweepableSetting[] {
    return this.settings.filter(({ key }) => !this.#rows.some((row) => row.key === key));
  }

  setting(key: string): SweepableSetting {
    const found = this.settings.find((setting) => setting.key === key);
    if (found === undefined) {
      throw new Error(`No setting ${key}.`);
    }
    return found;
  }

  /** Adds a setting, with the value that it has to begin with. */
  add(key: string): void {
    this.#lastId += 1;
    this.#rows = [...this.#rows, { id: this.#lastId, key, text: writtenValue(this.base, key) }];
  }

  remove(id: number): void {
    this.#rows = this.#rows.filter((row) => row.id !== id);
  }

  write(id: number, text: string): void {
    this.#rows = this.#rows.map((row) => (row.id === id ? { ...row, text } : row));
  }

  /** Another setting in a row's place. */
  change(id: number, key: string): void {
    const text = writtenValue(this.base, key);
    this.#rows = this.#rows.map((row) => (row.id === id ? { id, key, text } : row));
  }

  /** Takes a value into a row's list, or out of it. */
  toggle(id: number, value: string): void {
    const row = this.#rows.find((one) => one.id === id);
    const values = sweepValues(row?.text ?? "");
    const changed = values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
    this.write(id, changed.join(", "));
  }

  /** The values of a setting that can be ticked; none where any number will do. */
  choices({ key, values, takesNone }: SweepableSetting): SweepChoice[] {
    const none = takesNone ? [{ value: "none", label: "network’s own" }] : [];
    if (key === "architecture") {
      return this.#options.architectures.map(({ id, name }) => ({ value: id, label: name }));
    }
    if (key === "loss") {
      return this.#options.losses.map(({ id, name }) => ({ value: id, label: name }));
    }
    switch (values.kind) {
      case "choice":
      case "variant":
        return [
          ...values.choices.map((value) => ({
            value,
            label: value === "true" ? "on" : value === "false" ? "off" : value,
          })),
          ...none,
        ];
      case "number":
      case "text":
        return [];
    }
  }

  /** About how long all trainings take when an epoch of the form's settings takes so many seconds, and whether the sweep changes what that depends on. */
  estimate(secondsPerEpoch: number): { readonly seconds: number; readonly isRough: boolean } | null {
    if (this.#outcome.kind !== "ready") {
      return null;
    }
    const epochs = this.#outcome.trainings.reduce((sum, { settings }) => sum + settings.epochs, 0);
    return { seconds: epochs * secondsPerEpoch, isRough: this.#rows.some(({ key }) => COSTLY.has(key)) };
  }

  #expand(): SweepOutcome {
    const axes = this.#rows.map(({ key, text }) => ({
      setting: this.setting(key),
      values: sweepValues(text),
    }));
    const empty = axes.find(({ values }) => values.length === 0);
    if (axes.length === 0) {
      return { kind: "nothing" };
    }
    if (empty !== undefined) {
      return { kind: "wrong", sentence: `Give ${empty.setting.words} at least one value.` };
    }
    try {
      return { kind: "ready", axes, trainings: expandSweep(this.base, axes) };
    } catch (thrown) {
      if (thrown instanceof RangeError) {
        return {
          kind: "wrong",
          sentence: `${thrown.message[0]?.toUpperCase() ?? ""}${thrown.message.slice(1)}`,
        };
      }
      throw thrown;
    }
  }
}
