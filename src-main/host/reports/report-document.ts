import type { EvaluationDetail, FoundPlaces } from "#shared/metrics/evaluation-detail.ts";
import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";
import type { SplitPart } from "#shared/training/saved-split.ts";
import type { SettingsRow } from "#shared/training/settings-rows.ts";
import type { Run } from "#shared/training/run.ts";

/** A picture as a data URL, with its size in pixels. */
export interface ReportPicture {
  readonly url: string;
  readonly width: number;
  readonly height: number;
}

/** One mosaic as a report shows it. */
export interface ReportMosaic {
  readonly id: string;
  readonly name: string;
  readonly fileName: string;
  /** "9000 × 9500 px, 3 bands uint8, 0.25 m a pixel, EPSG:2180" */
  readonly facts: string;
  readonly width: number;
  readonly height: number;
  readonly overview: ReportPicture;
  /** Tiles by part, in the mosaic's pixels. */
  readonly tiles: readonly {
    readonly part: SplitPart;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
}

/** One of the worst places: image, truth and prediction of the same window. */
export interface ReportPlace {
  readonly mosaicName: string;
  readonly place: FoundPlaces["largest"][number];
  /** Where on the ground, "25.19871° N 55.27961° E"; null where that isn't known. */
  readonly position: string | null;
  readonly pictures: readonly [image: ReportPicture, truth: ReportPicture, prediction: ReportPicture];
}

/** Places of one confusion, the largest ones of the matrix first. */
export interface ReportConfusion {
  readonly truthIndex: number;
  readonly predictionIndex: number;
  readonly found: FoundPlaces;
  readonly places: readonly ReportPlace[];
}

/** What a report is about: a run, or masks from elsewhere, of whose making nothing is known. */
export type ReportSubject =
  | {
      readonly kind: "run";
      readonly run: Run;
      readonly settings: readonly SettingsRow[];
      /** How many tiles the run used for each part, those of mosaics that aren't shown too. */
      readonly tileCounts: Readonly<Record<"training" | "validation" | "test", number>>;
    }
  | {
      readonly kind: "masks";
      /** Where they lie, as the user would name it. */
      readonly path: string;
      /** Names of mosaics whose mask lies on another grid, and was resampled. */
      readonly resampled: readonly string[];
      /** Names of labelled mosaics that no mask goes with. */
      readonly withoutMask: readonly string[];
    };

/** Everything that a report says, before it is a page. How right the network is, is told by `evaluation` alone. */
export interface ReportDocument {
  readonly title: string;
  readonly projectName: string;
  readonly folder: string;
  readonly createdAt: string;
  readonly subject: ReportSubject;
  readonly mosaics: readonly ReportMosaic[];
  /** Mosaics beyond those shown. */
  readonly furtherMosaics: number;
  readonly evaluation: {
    /** What was counted, in words. */
    readonly counted: string;
    readonly report: EvaluationReport;
    /** Null where only the validation tiles were counted. */
    readonly detail: EvaluationDetail | null;
  };
  /** What to know before the numbers are believed, a sentence each. */
  readonly beware: readonly string[];
  readonly confusions: readonly ReportConfusion[];
  readonly commands: {
    readonly train: string | null;
    readonly evaluate: string | null;
    readonly report: string;
  };
  /** Orthomask that wrote the report. */
  readonly version: string;
}
