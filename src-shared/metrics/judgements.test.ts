import { describe, expect, it } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../fixtures/peers.ts";
import { seededRandom } from "../training/seeded-random.ts";
import { bootstrapDifference } from "./bootstrap.ts";
import { withoutBorders } from "./border-tolerance.ts";
import { calibration } from "./calibration.ts";
import { precisionRecall } from "./precision-recall.ts";

const script = `
import base64, json, sys
import numpy as np
from scipy import ndimage
from sklearn.metrics import average_precision_score, precision_recall_curve
score = np.frombuffer(base64.b64decode(sys.argv[1]), np.uint8)
truth = np.frombuffer(base64.b64decode(sys.argv[2]), np.uint8)
ids = np.frombuffer(base64.b64decode(sys.argv[3]), np.uint8).reshape(40, 50)
precision, recall, thresholds = precision_recall_curve(truth, score)
confidence = score / 255
bins = np.clip(np.ceil(confidence * 15 - 1e-9).astype(int) - 1, 0, 14)
ece = sum(abs(truth[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean() for b in range(15) if (bins == b).any())
def border(n):
    low = ndimage.minimum_filter(ids, 2 * n + 1, mode="constant", cval=255)
    high = ndimage.maximum_filter(np.where(ids == 255, 0, ids), 2 * n + 1, mode="constant", cval=0)
    return np.where(low < high, 255, ids).ravel().tolist()
print(json.dumps(dict(ap=average_precision_score(truth, score), ece=ece, border=[border(1), border(3)],
    curve=[[int(t), p, r] for t, p, r in zip(thresholds, precision, recall)])))
`;
const answerSchema = z.object({
  ap: z.number(),
  ece: z.number(),
  border: z.array(z.array(z.number())),
  curve: z.array(z.tuple([z.number(), z.number(), z.number()])),
});

describe.skipIf(peerPython() === undefined)(
  "against scikit-learn and scipy (skipped without the Python peers)",
  () => {
    it("has the same curve, average precision, calibration error and border pixels", async () => {
      const random = seededRandom(5, "judgements");
      const truth = Uint8Array.from({ length: 5000 }, () => (random.next() < 0.3 ? 1 : 0));
      const score = truth.map((positive) => Math.min(255, Math.floor(random.next() * 160 + positive * 90)));
      const patches = Uint8Array.from({ length: 80 }, () => [0, 2, 7, 255][random.integer(4)] ?? 0);
      const ids = Uint8Array.from(
        { length: 40 * 50 },
        (_, index) =>
          patches[Math.floor(Math.floor(index / 50) / 5) * 10 + Math.floor((index % 50) / 5)] ?? 0,
      );
      const base64 = (values: Uint8Array): string => Buffer.from(values).toString("base64");
      const peer = answerSchema.parse(await runPeer(script, [base64(score), base64(truth), base64(ids)]));

      const positives = new Float64Array(256);
      const negatives = new Float64Array(256);
      for (const [index, value] of score.entries()) {
        (truth[index] === 1 ? positives : negatives)[value]!++;
      }
      const curve = precisionRecall(positives, negatives);
      expect(curve?.averagePrecision).toBeCloseTo(peer.ap, 12);
      for (const [threshold, precision, recall] of peer.curve) {
        expect(curve?.points[threshold]?.precision).toBeCloseTo(precision, 12);
        expect(curve?.points[threshold]?.recall).toBeCloseTo(recall, 12);
      }
      const pixels = positives.map((count, level) => count + negatives[level]!);
      expect(calibration({ pixels, right: positives }).expectedCalibrationError).toBeCloseTo(peer.ece, 12);
      const window = { ids, width: 50, height: 40 };
      expect([...withoutBorders(window, 1)]).toEqual(peer.border[0]);
      expect([...withoutBorders(window, 3)]).toEqual(peer.border[1]);
    });
  },
);

describe("calibration and precision–recall", () => {
  it("have no numbers where nothing was counted", () => {
    const none = new Float64Array(256);
    expect(calibration({ pixels: none, right: none }).expectedCalibrationError).toBeNull();
    expect(precisionRecall(none, none)).toBeNull();
  });
});

describe("bootstrapDifference", () => {
  const accuracy = (matrix: Float64Array): number | null => {
    const total = matrix.reduce((sum, count) => sum + count, 0);
    return total === 0 ? null : (matrix[0]! + matrix[3]!) / total;
  };
  const block = (right: number): Float64Array => Float64Array.from([right, 100 - right, 0, 0]);
  const options = { resamples: 2000, seed: 1 };

  it("is certain where both runs differ by the same everywhere", () => {
    const first = [50, 60, 70].map(block);
    const [answer] = bootstrapDifference(first, [55, 65, 75].map(block), [accuracy], options);
    expect(answer?.difference).toBeCloseTo(0.05, 12);
    expect(answer?.low).toBeCloseTo(0.05, 12);
    expect(answer?.high).toBeCloseTo(0.05, 12);
  });

  it("is as wide as the normal approximation where blocks differ", () => {
    const random = seededRandom(2, "blocks");
    const gains = Array.from({ length: 200 }, () => random.integer(21) - 10);
    const [answer] = bootstrapDifference(
      gains.map(() => block(50)),
      gains.map((gain) => block(50 + gain)),
      [accuracy],
      options,
    );
    const mean = gains.reduce((sum, gain) => sum + gain, 0) / 200;
    const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / 200;
    const half = (1.96 * Math.sqrt(variance / 200)) / 100;
    expect(answer?.difference).toBeCloseTo(mean / 100, 12);
    expect(((answer?.high ?? 0) - (answer?.low ?? 0)) / (2 * half)).toBeCloseTo(1, 1);
  });

  it("has no interval for one block, and none where nothing is counted", () => {
    expect(bootstrapDifference([block(1)], [block(2)], [accuracy], options)).toEqual([null]);
    const empty = new Float64Array(4);
    expect(bootstrapDifference([empty, empty], [empty, empty], [accuracy], options)).toEqual([null]);
  });
});
