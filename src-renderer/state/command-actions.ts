import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import {
  acceptPredictionCommand,
  compareCommand,
  evaluateCommand,
  evaluateMasksCommand,
  exportMasksCommand,
  exportModelCommand,
  groundWord,
  importVectorsCommand,
  mergeLabelsCommand,
  placesCommand,
  predictCommand,
  reportCommand,
  settleConflictsCommand,
  splitCommand,
  trainCommand,
  type AcceptChoice,
  type CommandPlace,
  type ImportVectorsChoice,
  type MaskWords,
} from "#shared/command-line/command-lines.ts";
import type { KeptSide } from "#shared/labels/label-merge.ts";
import type { PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import type { ExportOptions } from "#shared/project/export-options.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import type { ModelFormat } from "#shared/training/model-format.ts";
import type { SplitDraft } from "#shared/training/split-preview.ts";
import type { SweepAxis } from "#shared/training/sweep.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";

/** What the window is about to compute, so that the command line can be asked for the same. */
export type ComputingAction =
  | {
      readonly kind: "train";
      readonly settings: TrainingSettings;
      readonly weights: string | null;
      readonly sweep?: readonly SweepAxis[];
    }
  | {
      readonly kind: "predict";
      readonly runId: string;
      readonly mosaicIds: readonly string[];
      readonly overlap: number;
    }
  | ({ readonly kind: "evaluate" } & Counted)
  | ({ readonly kind: "places"; readonly selection: PlaceSelection } & Counted)
  | ({ readonly kind: "report"; readonly out: string } & Counted)
  | {
      readonly kind: "compare";
      readonly runIds: readonly [string, string];
      readonly mosaicIds: readonly string[];
    }
  | ({ readonly kind: "import-vectors"; readonly mosaicIds: readonly string[] } & ImportVectorsChoice)
  | ({ readonly kind: "accept-prediction"; readonly mosaicId: string } & AcceptChoice)
  | { readonly kind: "merge-labels"; readonly mosaicId: string; readonly filePath: string }
  | { readonly kind: "settle-conflicts"; readonly kept: KeptSide }
  | {
      readonly kind: "evaluate-masks";
      readonly masks: MaskWords;
      /** Places to list; null for the numbers. */
      readonly selection: PlaceSelection | null;
    }
  | {
      readonly kind: "export-masks";
      /** Null for the labels. */
      readonly runId: string | null;
      readonly mosaicIds: readonly string[];
      readonly options: ExportOptions;
      /** Null for the project's own exports. */
      readonly out: string | null;
    }
  | {
      readonly kind: "save-split";
      readonly draft: SplitDraft;
      readonly tilePixels: number;
      readonly seed: number;
      readonly name: string;
    }
  | {
      readonly kind: "export-model";
      readonly runId: string;
      readonly format: ModelFormat;
      readonly out: string;
    };

interface Counted {
  readonly runId: string;
  readonly mosaicIds: readonly string[];
  readonly borderTolerancePixels: number;
  readonly within: EvaluatedGround | null;
}

/** The command line that does the same on the same project. */
export function commandOf(
  action: ComputingAction,
  project: {
    readonly folder: string;
    readonly classes: readonly LandClass[];
    readonly nameOf: (mosaicId: string) => string;
  },
): string {
  const placeOf = (mosaicIds: readonly string[]): CommandPlace => ({
    folder: project.folder,
    mosaicNames: mosaicIds.map((id) => project.nameOf(id)),
  });
  switch (action.kind) {
    case "train":
      return trainCommand(action.settings, placeOf(action.settings.mosaicIds ?? []), {
        classes: project.classes,
        weights: action.weights,
        sweep: action.sweep ?? [],
      });
    case "predict":
      return predictCommand(action.runId, placeOf(action.mosaicIds), { overlap: action.overlap });
    case "evaluate":
      return evaluateCommand(action.runId, placeOf(action.mosaicIds), choiceOf(action));
    case "places":
      return placesCommand(action.runId, placeOf(action.mosaicIds), {
        ...choiceOf(action),
        selection: action.selection,
      });
    case "report":
      return reportCommand(action.runId, placeOf(action.mosaicIds), { ...choiceOf(action), out: action.out });
    case "compare":
      return compareCommand(action.runIds, placeOf(action.mosaicIds));
    case "import-vectors":
      return importVectorsCommand(placeOf(action.mosaicIds), action);
    case "accept-prediction":
      return acceptPredictionCommand(project.folder, project.nameOf(action.mosaicId), action);
    case "merge-labels":
      return mergeLabelsCommand(project.folder, project.nameOf(action.mosaicId), action.filePath);
    case "settle-conflicts":
      return settleConflictsCommand(placeOf([]), action.kept);
    case "evaluate-masks":
      return evaluateMasksCommand(project.folder, action.masks, action.selection);
    case "export-masks":
      return exportMasksCommand(action.runId, placeOf(action.mosaicIds), action);
    case "save-split":
      return splitCommand(project.folder, action);
    case "export-model":
      return exportModelCommand(action.runId, action.format, action.out);
  }
}

function choiceOf({ borderTolerancePixels, within }: Counted): {
  readonly borderTolerancePixels: number;
  readonly within: string | null;
} {
  return {
    borderTolerancePixels,
    within: within === null ? null : groundWord(within),
  };
}
