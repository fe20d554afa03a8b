import { describe, expect, it } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../fixtures/peers.ts";
import { seededRandom } from "../training/seeded-random.ts";
import { evaluationReport } from "./build-report.ts";
import { ConfusionMatrix } from "./confusion-matrix.ts";

/** Counts only where the truth is one of our classes and the prediction too, as the report does. */
const script = `
import sys, json, base64, warnings
import numpy as np
from sklearn.metrics import (confusion_matrix, jaccard_score, f1_score, precision_score, recall_score,
                             accuracy_score, cohen_kappa_score)
warnings.filterwarnings("ignore")
labels = [0, 2, 3, 9, 11]
truth = np.frombuffer(base64.b64decode(sys.argv[1]), np.uint8)
prediction = np.frombuffer(base64.b64decode(sys.argv[2]), np.uint8)
counted = np.isin(truth, labels) & np.isin(prediction, labels)
t, p = truth[counted], prediction[counted]
each = dict(labels=labels, average=None, zero_division=0)
iou = jaccard_score(t, p, **each)
present = [i for i, c in enumerate(labels) if (t == c).any() or (p == c).any()]
print(json.dumps(dict(
    confusion=confusion_matrix(t, p, labels=labels).tolist(),
    iou=iou.tolist(), dice=f1_score(t, p, **each).tolist(),
    precision=precision_score(t, p, **each).tolist(), recall=recall_score(t, p, **each).tolist(),
    accuracy=accuracy_score(t, p), kappa=cohen_kappa_score(t, p),
    meanIou=float(np.mean(iou[present])),
    frequencyWeightedIou=float(jaccard_score(t, p, labels=labels, average="weighted", zero_division=0)),
    unpredicted=int((np.isin(truth, labels) & ~np.isin(prediction, labels)).sum()))))
`;

const answerSchema = z.object({
  confusion: z.array(z.array(z.number())),
  iou: z.array(z.number()),
  dice: z.array(z.number()),
  precision: z.array(z.number()),
  recall: z.array(z.number()),
  accuracy: z.number(),
  kappa: z.number(),
  meanIou: z.number(),
  frequencyWeightedIou: z.number(),
  unpredicted: z.number(),
});

describe.skipIf(peerPython() === undefined)("against scikit-learn (skipped without the Python peers)", () => {
  it("has the same matrix and the same numbers", async () => {
    const random = seededRandom(11, "scikit-learn");
    const ids = [0, 2, 3, 9, 255, 7];
    const truth = Uint8Array.from({ length: 20_000 }, () => ids[random.integer(ids.length)] ?? 255);
    // Right six times in ten; 9 is never predicted, 11 occurs nowhere, 7 is no class.
    const prediction = truth.map((id) =>
      id !== 9 && random.next() < 0.6 ? id : ([0, 2, 3, 255, 7][random.integer(5)] ?? 255),
    );
    const classIds = [0, 2, 3, 9, 11];
    const matrix = new ConfusionMatrix(classIds);
    matrix.add(truth, prediction);
    const report = evaluationReport(
      matrix,
      classIds.map((id) => ({ id, name: `class ${id}`, color: "#000000" })),
    );

    const base64 = (values: Uint8Array): string => Buffer.from(values).toString("base64");
    const peer = answerSchema.parse(await runPeer(script, [base64(truth), base64(prediction)]));
    expect(report.confusion).toEqual(peer.confusion);
    expect(report.unpredictedPixels).toBe(peer.unpredicted);
    expect(report.absentClassIds).toEqual([11]);
    for (const [index, metrics] of report.perClass.entries()) {
      if (metrics.iou !== null) {
        expect(metrics.iou).toBeCloseTo(peer.iou[index] ?? NaN, 12);
        expect(metrics.dice).toBeCloseTo(peer.dice[index] ?? NaN, 12);
        expect(metrics.precision).toBeCloseTo(peer.precision[index] ?? NaN, 12);
        expect(metrics.recall).toBeCloseTo(peer.recall[index] ?? NaN, 12);
      }
    }
    expect(report.accuracy).toBeCloseTo(peer.accuracy, 12);
    expect(report.kappa).toBeCloseTo(peer.kappa, 12);
    expect(report.meanIou).toBeCloseTo(peer.meanIou, 12);
    expect(report.frequencyWeightedIou).toBeCloseTo(peer.frequencyWeightedIou, 12);
  });
});
