import { gridOf, REVIEW_UNIT_PIXELS, type ReviewCellPixels } from "#shared/labels/review-cells.ts";
import type { UncertainCell } from "#shared/labels/review-contract.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { ClassGrid } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";

/** One in so many pixels each way is looked at; coarser levels of a prediction hold the means of what lies between. */
const STEP = 8;

/**
 * How uncertain a prediction is of each cell: the mean over its unlabelled pixels, or over all where it has none. Cells without a predicted pixel are
 * left out. Entropies are used where the prediction keeps them, else 1 − confidence.
 */
export async function uncertainCells(
  project: Project,
  mosaicId: string,
  prediction: ClassGrid,
  cellPixels: ReviewCellPixels,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<UncertainCell[]> {
  const { image } = project.mosaic(mosaicId);
  const { columns, rows } = gridOf(image, cellPixels);
  const tallies = Array.from({ length: columns * rows }, () => ({ all: new Mean(), unlabelled: new Mean() }));
  const width = Math.ceil(image.width / STEP);
  const samplesACell = cellPixels / STEP;
  for (let y = 0; y < image.height; y += REVIEW_UNIT_PIXELS) {
    options.signal?.throwIfAborted();
    const height = Math.ceil(Math.min(REVIEW_UNIT_PIXELS, image.height - y) / STEP);
    const request = {
      pixelWindow: { x: 0, y, width: width * STEP, height: height * STEP },
      outputSize: { width, height },
    };
    const predicted = await prediction.readWindow({ ...request, entropy: true }, options);
    const labels = await project.readLabels(mosaicId, request, options);
    const { ids, entropy, confidence } = predicted;
    for (let sample = 0; sample < ids.length; sample += 1) {
      if (ids[sample] === UNLABELLED_ID) {
        continue;
      }
      const value = entropy?.[sample] ?? 255 - (confidence?.[sample] ?? 0);
      const column = Math.floor((sample % width) / samplesACell);
      const row = Math.floor((y / STEP + Math.floor(sample / width)) / samplesACell);
      const tally = tallies[row * columns + column];
      tally?.all.add(value);
      if (labels[sample] === UNLABELLED_ID) {
        tally?.unlabelled.add(value);
      }
    }
  }
  return tallies.flatMap(({ all, unlabelled }, index): UncertainCell[] => {
    const mean = unlabelled.count > 0 ? unlabelled : all;
    return mean.count === 0
      ? []
      : [
          {
            mosaicId,
            column: index % columns,
            row: Math.floor(index / columns),
            uncertainty: Math.min(1, mean.sum / mean.count / 255),
            measure: prediction.hasEntropy ? "entropy" : "confidence",
          },
        ];
  });
}

/** A mean as it grows. */
class Mean {
  sum = 0;
  count = 0;

  add(value: number): void {
    this.sum += value;
    this.count += 1;
  }
}
