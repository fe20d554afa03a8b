import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { addGradients } from "../graph/gradients.ts";
import { Graph } from "../graph/graph.ts";
import { loadTensorFlow } from "../load-tensorflow.ts";
import { GraphSession } from "../runtime/graph-session.ts";
import { lossInput } from "../runtime/pixel-classes.ts";
import { randomSource } from "../weights/random.ts";
import { buildLoss, losses, parseLoss } from "./registry.ts";

const CLASSES = 4;
const PIXELS = 60;
const classWeights = [0.5, 1, 2, 4];
const ignoredClasses = [1];

/** Value and gradient by automatic differentiation of the formulas as the papers have them, written apart from ours. */
const reference = `
import json, sys
import tensorflow as tf
request = json.load(open(sys.argv[1]))
weights = tf.constant(request["classWeights"], tf.float64)
def run(case, loss):
    logits = tf.Variable(tf.constant(case["logits"], tf.float64))
    labels = tf.constant(case["labels"])
    keep = tf.constant([l < 4 and l not in request["ignored"] for l in case["labels"]])
    with tf.GradientTape() as tape:
        z, t = tf.boolean_mask(logits, keep), tf.boolean_mask(labels, keep)
        n = max(1, int(tf.size(t)))
        p = tf.nn.softmax(z)
        y = tf.one_hot(t, 4, dtype=tf.float64)
        pt = tf.reduce_sum(p * y, 1)
        ce = -tf.math.log(pt)
        tp, fp, fn = tf.reduce_sum(p * y, 0), tf.reduce_sum(p * (1 - y), 0), tf.reduce_sum((1 - p) * y, 0)
        seen = tf.where(tf.reduce_sum(y, 0) > 0)[:, 0]
        def mean(v):
            v = tf.gather(v, seen)
            return tf.reduce_sum(v) / max(1, int(tf.size(v)))
        value = {
            "crossentropy": lambda: tf.reduce_sum(ce) / n,
            "weighted-crossentropy": lambda: tf.reduce_sum(ce * tf.gather(weights, t)) / n,
            "focal": lambda: tf.reduce_sum((1 - pt) ** 2 * ce) / n,
            "dice": lambda: mean(1 - 2 * tp / (2 * tp + fp + fn)),
            "iou": lambda: mean(1 - tp / (tp + fp + fn)),
            "tversky": lambda: mean(1 - tp / (tp + 0.3 * fp + 0.7 * fn)),
            "focal-tversky": lambda: mean((1 - tp / (tp + 0.3 * fp + 0.7 * fn)) ** 0.75),
        }[loss]()
    gradient = tape.gradient(value, logits)
    gradient = tf.convert_to_tensor(gradient) if gradient is not None else tf.zeros_like(logits)
    return {"value": float(value), "gradient": tf.reshape(gradient, [-1]).numpy().tolist()}
print(json.dumps([[run(case, loss) for loss in request["losses"]] for case in request["cases"]]))
`;

const answerSchema = z.array(z.array(z.object({ value: z.number(), gradient: z.array(z.number()) })));

const next = randomSource(11, "losses");
const random = (): number => next() / 2 ** 32;
const logits = Array.from({ length: PIXELS }, () => Array.from({ length: CLASSES }, () => 4 * random() - 2));
const mixed = Array.from({ length: PIXELS }, (_, pixel) => (pixel % 13 === 0 ? 255 : next() % CLASSES));
const cases = [
  { name: "random labels, some missing", logits, labels: mixed },
  { name: "a class that is absent", logits, labels: mixed.map((label) => (label === 3 ? 0 : label)) },
  {
    name: "a nearly perfect prediction",
    logits: mixed.map((label) => Array.from({ length: CLASSES }, (_, index) => (index === label ? 8 : 0))),
    labels: mixed,
  },
];

function ours(
  loss: string,
  one: { logits: number[][]; labels: number[] },
): { value: number; gradient: number[] } {
  const graph = new Graph();
  const scores = graph.placeholder("logits", [1, 6, 10, CLASSES], "float32");
  const labels = graph.placeholder("labels", [1, 6, 10], "uint8");
  const value = buildLoss(
    loss,
    lossInput(graph, scores, labels, { classes: CLASSES, classWeights, ignoredClasses }),
  );
  const gradients = addGradients(graph, value, [scores]);
  const session = new GraphSession(loadTensorFlow(), graph);
  const results = session.run(
    [
      [scores, Float32Array.from(one.logits.flat())],
      [labels, Uint8Array.from(one.labels)],
    ],
    [value, ...gradients],
  );
  session.close();
  return { value: Number(results[0]?.[0]), gradient: [...(results[1] as Float32Array)] };
}

describe.skipIf(peerPython() === undefined)(
  "against TensorFlow in Python (skipped without the peers)",
  () => {
    test("values and gradients of every loss", async () => {
      const folder = mkdtempSync(path.join(tmpdir(), "orthomask-losses-"));
      const names = losses.map(({ id }) => id);
      writeFileSync(
        `${folder}/request.json`,
        JSON.stringify({ cases, losses: names, classWeights, ignored: ignoredClasses }),
      );
      const answers = answerSchema.parse(await runPeer(reference, [`${folder}/request.json`]));
      rmSync(folder, { recursive: true });
      for (const [caseIndex, one] of cases.entries()) {
        for (const [lossIndex, loss] of names.entries()) {
          const expected = answers[caseIndex]?.[lossIndex];
          const actual = ours(loss, one);
          expect(Math.abs(actual.value - (expected?.value ?? NaN)), `${loss}, ${one.name}`).toBeLessThan(
            1e-5,
          );
          const worst = actual.gradient.reduce(
            (most, value, index) => Math.max(most, Math.abs(value - (expected?.gradient[index] ?? NaN))),
            0,
          );
          expect(worst, `gradient of ${loss}, ${one.name}`).toBeLessThan(1e-5);
        }
      }
    }, 120_000);
  },
);

test("a sum of losses is the sum of their values and gradients", () => {
  const [one] = cases;
  if (one === undefined) {
    throw new Error("no case");
  }
  const [sum, entropy, dice] = ["crossentropy+dice", "crossentropy", "dice"].map((loss) => ours(loss, one));
  expect(sum?.value).toBeCloseTo((entropy?.value ?? NaN) + (dice?.value ?? NaN), 5);
  sum?.gradient.forEach((value, index) => {
    expect(value).toBeCloseTo((entropy?.gradient[index] ?? NaN) + (dice?.gradient[index] ?? NaN), 6);
  });
});

test("an unknown loss is refused with the known ones", () => {
  expect(() => parseLoss("crossentropy+hinge")).toThrow(
    'There is no loss "hinge"; known are crossentropy, weighted-',
  );
});
