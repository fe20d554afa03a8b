import type { Mode } from "./workspace.svelte.ts";

/** What the tour needs to know of the app: only what has happened since it began. */
export interface TourFacts {
  /** Strokes that the host has stored. */
  readonly strokes: number;
  /** Whether a training that was begun since has ended with weights. */
  readonly trained: boolean;
  /** Whether a cell of the confusion matrix was followed to its places. */
  readonly placesSeen: boolean;
  readonly exported: boolean;
  /** Whether the last training that was begun since has ended without an epoch to keep. */
  readonly trainingLost: boolean;
}

export const STROKES_WANTED = 3;

export interface TourStep {
  readonly id: "label" | "train" | "matrix" | "export";
  readonly title: string;
  readonly mode: Mode;
  /** The `data-testid` of what is pointed to in that mode; the first that is there. */
  readonly controls: readonly string[];
  readonly words: string;
  readonly isDone: (facts: TourFacts) => boolean;
}

/** The whole job in four steps, on the sample. */
export const tourSteps: readonly [TourStep, TourStep, TourStep, TourStep] = [
  {
    id: "label",
    title: "Label three strokes",
    mode: "label",
    controls: ["tool-brush", "tool-bar"],
    words:
      "Press B for the brush and 1 to 9 for a class, then paint on the map. The sample is labelled already, so what you paint counts instead; each stroke is saved at once, and Ctrl+Z takes it back.",
    isDone: ({ strokes }) => strokes >= STROKES_WANTED,
  },
  {
    id: "train",
    title: "Train two minutes",
    mode: "train",
    controls: ["run-progress", "train-start"],
    words:
      "Press Train: everything is chosen already. The curve of mean IoU should rise. After two minutes, and a few epochs, Stop is fine: the best epoch is kept.",
    isDone: ({ trained }) => trained,
  },
  {
    id: "matrix",
    title: "Look at the matrix",
    mode: "results",
    controls: ["confusion-matrix", "mean-iou"],
    words:
      "Press Predict. Then click a cell of the matrix: the map goes to its pixels. Rows are the truth, columns what was predicted.",
    isDone: ({ placesSeen }) => placesSeen,
  },
  {
    id: "export",
    title: "Export a mask",
    mode: "export",
    controls: ["export-start"],
    words:
      "Export writes the predicted masks as files that any GIS opens, with their colours and class names.",
    isDone: ({ exported }) => exported,
  },
];

/** What the card says in the step's own mode. */
export function tourWords(step: TourStep, facts: TourFacts): string {
  return step.id === "train" && facts.trainingLost
    ? "That training has ended without an epoch to keep; the panel says why. Press New training, then Train again, and let the first epoch finish."
    : step.words;
}

/** The first step that is still to be done, and which are done, some of them `before` a reload; null when all are. Steps may be done in any order. */
export function tourProgress(
  facts: TourFacts,
  before: readonly TourStep["id"][] = [],
): {
  readonly current: TourStep | null;
  readonly done: ReadonlySet<TourStep["id"]>;
} {
  const done = new Set(
    tourSteps.filter((step) => before.includes(step.id) || step.isDone(facts)).map(({ id }) => id),
  );
  return { current: tourSteps.find(({ id }) => !done.has(id)) ?? null, done };
}

/** Whether a project is the drawn sample in its own folder, as `Open the sample` and `npm start` open it. */
export function isSample({
  name,
  mosaics,
}: {
  readonly name: string;
  readonly mosaics: readonly { readonly name: string }[];
}): boolean {
  return name === "sample" && mosaics.length > 0 && mosaics.every(({ name: of }) => /^sample-\d+/.test(of));
}
