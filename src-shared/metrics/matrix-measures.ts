/**
 * Measures of a bare confusion matrix, `size · size` cells row-major (truth, prediction): what resampling needs thousands of times.
 * `build-report.ts` has the same numbers for showing.
 */

/** IoU of one class; null where it occurs in neither truth nor prediction. */
export function classIouOf(confusion: Float64Array, size: number, index: number): number | null {
  let truth = 0;
  let predicted = 0;
  for (let other = 0; other < size; other++) {
    truth += confusion[index * size + other]!;
    predicted += confusion[other * size + index]!;
  }
  const hit = confusion[index * (size + 1)]!;
  return truth + predicted === 0 ? null : hit / (truth + predicted - hit);
}

/** Mean IoU over the classes that occur; null where none does. */
export function meanIouOf(confusion: Float64Array, size: number): number | null {
  let sum = 0;
  let present = 0;
  for (let index = 0; index < size; index++) {
    const iou = classIouOf(confusion, size, index);
    if (iou !== null) {
      sum += iou;
      present++;
    }
  }
  return present === 0 ? null : sum / present;
}

/** Share of pixels that are right; null where nothing was counted. */
export function accuracyOf(confusion: Float64Array, size: number): number | null {
  let right = 0;
  let total = 0;
  for (const [cell, count] of confusion.entries()) {
    total += count;
    right += cell % (size + 1) === 0 ? count : 0;
  }
  return total === 0 ? null : right / total;
}
