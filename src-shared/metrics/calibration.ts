/** How many confidences a byte tells apart. */
export const CONFIDENCE_LEVELS = 256;

/** Pixels by predicted confidence; index is the confidence as a byte, 255 for 1. */
export interface ConfidenceCounts {
  readonly pixels: ArrayLike<number>;
  readonly right: ArrayLike<number>;
}

/** One bar of a reliability diagram; the two shares are null where no pixel fell into it. */
export interface ReliabilityBin {
  /** The bin holds confidences above `from` (the first: from 0) up to and with `to`, 0–1. */
  readonly from: number;
  readonly to: number;
  readonly pixels: number;
  readonly meanConfidence: number | null;
  readonly accuracy: number | null;
}

/** How far a network's confidence can be believed. */
export interface Calibration {
  readonly bins: readonly ReliabilityBin[];
  /** Mean distance between confidence and accuracy, weighted by pixels, 0–1; null without pixels. */
  readonly expectedCalibrationError: number | null;
}

/**
 * The reliability diagram and expected calibration error with equally wide bins: Guo et al. 2017, *On Calibration of Modern Neural Networks*, equations
 * 2 and 3 (15 bins there). Confidences are bytes, so each is within 0.002 of what the network said.
 */
export function calibration({ pixels, right }: ConfidenceCounts, binCount = 15): Calibration {
  const bins = Array.from({ length: binCount }, (_, index) => ({
    from: index / binCount,
    to: (index + 1) / binCount,
    pixels: 0,
    confidence: 0,
    right: 0,
  }));
  for (let level = 0; level < CONFIDENCE_LEVELS; level++) {
    const confidence = level / (CONFIDENCE_LEVELS - 1);
    const bin = bins[Math.max(0, Math.ceil(confidence * binCount - 1e-9) - 1)]!;
    bin.pixels += pixels[level]!;
    bin.confidence += confidence * pixels[level]!;
    bin.right += right[level]!;
  }
  const total = bins.reduce((sum, bin) => sum + bin.pixels, 0);
  const gap = bins.reduce((sum, bin) => sum + Math.abs(bin.right - bin.confidence), 0);
  return {
    bins: bins.map((bin) => ({
      from: bin.from,
      to: bin.to,
      pixels: bin.pixels,
      meanConfidence: bin.pixels === 0 ? null : bin.confidence / bin.pixels,
      accuracy: bin.pixels === 0 ? null : bin.right / bin.pixels,
    })),
    expectedCalibrationError: total === 0 ? null : gap / total,
  };
}
