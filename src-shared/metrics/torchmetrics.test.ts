import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { seededRandom } from "../training/seeded-random.ts";
import { evaluationReport } from "./build-report.ts";
import { ConfusionMatrix } from "./confusion-matrix.ts";
import { precisionRecall } from "./precision-recall.ts";

/** A Python that has torchmetrics: PyTorch is too large for the peers' environment, so this is run by hand (docs/evaluation.md). */
const python = process.env["ORTHOMASK_TORCHMETRICS"];

/**
 * torchmetrics divides counts as float32, which has 7 digits: where its formulas turn counts into floats, they get float64 here, and nothing else of them is
 * changed.
 */
const script = `
import base64, json, sys
import numpy as np
import torch
torch.Tensor.float = torch.Tensor.double
torch.set_default_dtype(torch.float64)
import torchmetrics
from torchmetrics.functional import classification as of
size = 5
read = lambda word: torch.from_numpy(np.frombuffer(base64.b64decode(word), np.uint8).astype(np.int64))
t, p = read(sys.argv[1]), read(sys.argv[2])
score, positive = read(sys.argv[3]).double() / 255, read(sys.argv[4])
each = dict(num_classes=size, average="none")
print(json.dumps(dict(
    versions=[torch.__version__, torchmetrics.__version__],
    confusion=of.multiclass_confusion_matrix(p, t, size).tolist(),
    iou=of.multiclass_jaccard_index(p, t, **each).tolist(),
    dice=of.multiclass_f1_score(p, t, **each).tolist(),
    precision=of.multiclass_precision(p, t, **each).tolist(),
    recall=of.multiclass_recall(p, t, **each).tolist(),
    meanIou=of.multiclass_jaccard_index(p, t, size, average="macro").item(),
    frequencyWeightedIou=of.multiclass_jaccard_index(p, t, size, average="weighted").item(),
    accuracy=of.multiclass_accuracy(p, t, size, average="micro").item(),
    kappa=of.multiclass_cohen_kappa(p, t, size).item(),
    averagePrecision=of.binary_average_precision(score, positive).item())))
`;
const answerSchema = z.object({
  versions: z.tuple([z.string(), z.string()]),
  confusion: z.array(z.array(z.number())),
  iou: z.array(z.number()),
  dice: z.array(z.number()),
  precision: z.array(z.number()),
  recall: z.array(z.number()),
  meanIou: z.number(),
  frequencyWeightedIou: z.number(),
  accuracy: z.number(),
  kappa: z.number(),
  averagePrecision: z.number(),
});

describe.skipIf(python === undefined)("against torchmetrics (skipped without ORTHOMASK_TORCHMETRICS)", () => {
  it("has the same matrix and the same numbers to 1e-12", async () => {
    const random = seededRandom(12, "torchmetrics");
    const truth = Uint8Array.from({ length: 40_000 }, () => Math.floor(5 * random.next() ** 2));
    // Right six times in ten; the last class is hardly ever found.
    const prediction = truth.map((id) => (id !== 4 && random.next() < 0.6 ? id : random.integer(4)));
    prediction[truth.indexOf(4)] = 4;
    const positive = Uint8Array.from({ length: 20_000 }, () => (random.next() < 0.3 ? 1 : 0));
    const score = positive.map((is) => Math.min(255, Math.floor(random.next() * 160 + is * 90)));
    const base64 = (values: Uint8Array): string => Buffer.from(values).toString("base64");
    const { stdout } = await promisify(execFile)(python ?? "", [
      "-c",
      script,
      ...[truth, prediction, score, positive].map(base64),
    ]);
    const peer = answerSchema.parse(JSON.parse(stdout));

    const matrix = new ConfusionMatrix([0, 1, 2, 3, 4]);
    matrix.add(truth, prediction);
    const report = evaluationReport(
      matrix,
      [0, 1, 2, 3, 4].map((id) => ({ id, name: `class ${id}`, color: "#000000" })),
    );
    const positives = new Float64Array(256);
    const negatives = new Float64Array(256);
    for (const [index, value] of score.entries()) {
      (positive[index] === 1 ? positives : negatives)[value]!++;
    }
    const curve = precisionRecall(positives, negatives);

    expect(report.confusion).toEqual(peer.confusion);
    const ours = {
      iou: report.perClass.map(({ iou }) => iou),
      dice: report.perClass.map(({ dice }) => dice),
      precision: report.perClass.map(({ precision }) => precision),
      recall: report.perClass.map(({ recall }) => recall),
      single: [
        report.meanIou,
        report.frequencyWeightedIou,
        report.accuracy,
        report.kappa,
        curve?.averagePrecision,
      ],
    };
    const theirs = {
      ...{ iou: peer.iou, dice: peer.dice, precision: peer.precision, recall: peer.recall },
      single: [peer.meanIou, peer.frequencyWeightedIou, peer.accuracy, peer.kappa, peer.averagePrecision],
    };
    let largest = 0;
    for (const key of ["iou", "dice", "precision", "recall", "single"] as const) {
      for (const [index, value] of theirs[key].entries()) {
        largest = Math.max(largest, Math.abs((ours[key][index] ?? NaN) - value));
      }
    }
    console.log(`torch ${peer.versions[0]}, torchmetrics ${peer.versions[1]}: largest difference ${largest}`);
    expect(largest).toBeLessThan(1e-12);
  });
});
