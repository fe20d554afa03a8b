import { NORMAL_95 } from "./area-estimate.ts";
import type { EvaluationDetail } from "./evaluation-detail.ts";
import type { EvaluationReport } from "./evaluation-report.ts";

const SQUARE_METERS_PER_HECTARE = 10_000;

/** A class's area on the ground in hectares; the last four are null where a mapped class was never compared with the truth. */
export interface ClassHectares {
  /** What the map shows. */
  readonly mapped: number;
  /** Corrected for what the map gets wrong. */
  readonly estimated: number | null;
  readonly standardError: number | null;
  /** The 95 % interval; never below nothing. */
  readonly low: number | null;
  readonly high: number | null;
}

/** All that is known of one class, as a table shows it; null where nothing is defined. */
export interface ClassRow {
  readonly id: number;
  readonly name: string;
  readonly color: string;
  readonly iou: number | null;
  readonly dice: number | null;
  /** Precision. */
  readonly usersAccuracy: number | null;
  /** Recall. */
  readonly producersAccuracy: number | null;
  readonly truthPixels: number;
  readonly predictedPixels: number;
  /** Null where the ground isn't known, or validation tiles were counted. */
  readonly area: ClassHectares | null;
}

/** The rows of the class table, in the report's order. */
export function classRows(report: EvaluationReport, areas: EvaluationDetail["areas"]): ClassRow[] {
  return report.perClass.map((metrics, index) => {
    const area = areas?.classes[index];
    return {
      id: metrics.id,
      name: metrics.name,
      color: report.classes[index]?.color ?? "#808080",
      iou: metrics.iou,
      dice: metrics.dice,
      usersAccuracy: metrics.precision,
      producersAccuracy: metrics.recall,
      truthPixels: metrics.truthPixels,
      predictedPixels: metrics.predictedPixels,
      area: area === undefined ? null : hectaresOf(area),
    };
  });
}

function hectaresOf({
  mapped,
  estimated,
  standardError,
}: {
  readonly mapped: number;
  readonly estimated: number | null;
  readonly standardError: number | null;
}): ClassHectares {
  const hectares = (squareMeters: number): number => squareMeters / SQUARE_METERS_PER_HECTARE;
  if (estimated === null || standardError === null) {
    return { mapped: hectares(mapped), estimated: null, standardError: null, low: null, high: null };
  }
  return {
    mapped: hectares(mapped),
    estimated: hectares(estimated),
    standardError: hectares(standardError),
    low: Math.max(0, hectares(estimated - NORMAL_95 * standardError)),
    high: hectares(estimated + NORMAL_95 * standardError),
  };
}
