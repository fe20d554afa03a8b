import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import type { GroundSplit } from "#shared/training/saved-split.ts";
import { containsPoint, shapeBounds } from "#shared/training/split-shapes.ts";

/** Points a side at which a mosaic's ground is looked up: a share is told in whole per cents. */
const POINTS_A_SIDE = 200;

/** Says how much of the counted ground a run has learned from; null where that goes without saying. */
export function trainedOnWords(
  mosaics: readonly Pick<ReadyMosaic, "id" | "name" | "image">[],
  ground: GroundSplit,
  within: EvaluatedGround | undefined,
): string | null {
  if (mosaics.length === 0 || (within?.kind === "run" && within.part === "validation")) {
    return null;
  }
  if (within?.kind === "run") {
    return within.part === "training"
      ? "The run was trained on all of this ground: the numbers say how well it was learned, not how well other ground is mapped."
      : "The run was trained on none of it.";
  }
  const shares = mosaics.map(({ id, image: { width, height } }) => ({
    pixels: width * height,
    share: trainedShare(id, { width, height }, ground),
  }));
  const names = mosaics.flatMap(({ name }, index) => ((shares[index]?.share ?? 0) > 0 ? [name] : []));
  if (names.length === 0) {
    return "The run was trained on none of it.";
  }
  const where = names.length > 6 ? `${names.length} of the mosaics` : names.join(", ");
  if (within !== undefined) {
    return `The run was also trained on ground of ${where}: what of it is counted here looks better than other ground would.`;
  }
  const trained = shares.reduce((sum, { pixels, share }) => sum + pixels * share, 0);
  const percent = (100 * trained) / shares.reduce((sum, { pixels }) => sum + pixels, 0);
  const about = percent < 1 ? "less than 1 %" : `about ${Math.round(percent)} %`;
  return `The run was trained on ${about} of the area counted here (in ${where}): other ground is probably mapped less well.`;
}

/** The share of a mosaic's area that lies in training ground, 0–1. */
function trainedShare(
  mosaicId: string,
  { width, height }: { readonly width: number; readonly height: number },
  { areas, rest }: GroundSplit,
): number {
  const own = areas.filter((area) => area.mosaicId === mosaicId);
  if (own.length === 0) {
    return rest === "training" ? 1 : 0;
  }
  const columns = Math.min(width, POINTS_A_SIDE);
  const rows = Math.min(height, POINTS_A_SIDE);
  // Each area marks the points that it may hold, the last one wins; there may be thousands of small ones.
  const parts = new Uint8Array(columns * rows);
  const [OTHER, TRAINING] = [1, 2];
  for (const { part, shape } of own) {
    const bounds = shapeBounds(shape);
    const clamped = (at: number, size: number, points: number): number =>
      Math.max(0, Math.min(points - 1, Math.floor((at / size) * points)));
    const lastRow = clamped(bounds.y + bounds.height, height, rows);
    const lastColumn = clamped(bounds.x + bounds.width, width, columns);
    for (let row = clamped(bounds.y, height, rows); row <= lastRow; row += 1) {
      for (let column = clamped(bounds.x, width, columns); column <= lastColumn; column += 1) {
        if (containsPoint(shape, ((column + 0.5) / columns) * width, ((row + 0.5) / rows) * height)) {
          parts[row * columns + column] = part === "training" ? TRAINING : OTHER;
        }
      }
    }
  }
  const trained = parts.reduce(
    (sum, part) => sum + (part === TRAINING || (part === 0 && rest === "training") ? 1 : 0),
    0,
  );
  return trained / parts.length;
}
