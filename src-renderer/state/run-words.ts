import type { Run } from "#shared/training/run.ts";
import { lossTermsOf } from "./loss-sum.ts";
import type { TrainingOptions } from "./training-form.svelte.ts";

/** How a run stands, in a word or two; `place` is its place among those that wait, from 1. */
export function runWords({ state, history }: Run, paused = false, place: number | null = null): string {
  switch (state.kind) {
    case "queued":
      return place === null ? "waits" : `waits, ${ordinal(place)}`;
    case "running":
      return paused ? "paused" : "training";
    case "finished":
      switch (state.reason) {
        case "all-epochs":
          return "finished";
        case "stopped":
          return "stopped";
        case "step-limit":
          return "step limit";
        case "no-improvement":
          return "ended early";
      }
      break;
    case "interrupted":
      return history.length === 0 ? "not trained" : "interrupted";
    case "failed":
      return "failed";
  }
}

/** "1st", "2nd", "11th". */
export function ordinal(place: number): string {
  const teens = place % 100 >= 11 && place % 100 <= 13;
  const ending = teens ? "th" : (["th", "st", "nd", "rd"][place % 10] ?? "th");
  return `${place}${ending}`;
}

/** How a run's ground was divided: "mosaics, 25 %", "blocks". */
export function splitWords(split: Run["settings"]["split"]): string {
  switch (split.kind) {
    case "mosaic":
      return `mosaics, ${Math.round(split.share * 100)} %`;
    case "blocks":
      return `blocks, ${Math.round(split.share * 100)} %`;
    case "random":
      return `tiles, ${Math.round(split.share * 100)} %`;
    case "list":
      return "list";
    case "saved":
      return split.name;
  }
}

/** The names of networks and losses; null while they aren't known, so that ids stand for them. */
type Names = Pick<TrainingOptions, "architectures" | "losses"> | null;

/** The network of a run as one line: "U-Net, width 16". */
export function networkWords({ settings }: Pick<Run, "settings">, names: Names): string {
  const { architecture, width } = settings;
  const name = names?.architectures.find(({ id }) => id === architecture)?.name ?? architecture;
  return width === null ? name : `${name}, width ${width}`;
}

/** A sum of losses by their names: "Cross-entropy + 0.5 × Dice". */
export function lossWords(loss: string, names: Names): string {
  return lossTermsOf(loss)
    .map(({ id, weight }) => {
      const name = names?.losses.find((item) => item.id === id)?.name ?? id;
      return weight === 1 ? name : `${weight} × ${name}`;
    })
    .join(" + ");
}
