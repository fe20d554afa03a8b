import { isCmyk, strideOf, type BlockFormat } from "../tiff/layout.ts";
import { allocateSamples, dtypeBytes, type ReadSamples } from "../typed-pixels.ts";
import type { PlannedUnit } from "./block-plan.ts";

/** Such an array stays for as long as its image is open: larger ones are decoded like any other unit. */
const mostUnitBytes = 4 * 2 ** 20;

/**
 * Units that a file leaves out altogether. All are alike, so one array of an image's fill value stands for each of them: nothing is
 * decoded, and they take no place in the cache.
 */
export class SparseUnits {
  readonly #format: BlockFormat;
  readonly #fill: number;
  readonly #rowSamples: number;
  #samples: ReadSamples | null = null;

  constructor(format: BlockFormat, fill: number) {
    this.#format = format;
    this.#fill = fill;
    this.#rowSamples = format.blockWidth * strideOf(format);
  }

  /** Whether this is such a unit, of a size that may be kept. */
  takes(unit: PlannedUnit): boolean {
    // Ink is turned into RGB, its fill too: the decoder does that.
    return (
      unit.end === 0 &&
      !isCmyk(this.#format) &&
      this.#samplesIn(unit) * dtypeBytes(this.#format.dtype) <= mostUnitBytes
    );
  }

  /** The unit's samples; null when it is none that this takes. */
  samplesOf(unit: PlannedUnit): ReadSamples | null {
    if (!this.takes(unit)) {
      return null;
    }
    const length = this.#samplesIn(unit);
    if (this.#samples === null || this.#samples.length < length) {
      this.#samples = allocateSamples(this.#format.dtype, length).fill(this.#fill);
    }
    return this.#samples.length === length ? this.#samples : this.#samples.subarray(0, length);
  }

  #samplesIn(unit: PlannedUnit): number {
    return unit.pieces.reduce((sum, piece) => sum + piece.rows, 0) * this.#rowSamples;
  }
}
