import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { formatLossExpression } from "#shared/training/loss-expression.ts";
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

/**
 * Value and gradient by automatic differentiation of the formulas as `overlap.ts` and the papers have them, written apart from ours: pixels without a label are cut out
 * before anything is computed. The Lovász slope is the papers' difference of neighbouring Jaccard losses; focal is also Keras' own.
 */
const reference = `
import json, sys
import tensorflow as tf, keras
request = json.load(open(sys.argv[1]))
weights = tf.constant(request["classWeights"], tf.float64)
def lovasz(p, y, seen):
    losses = []
    for c in seen.numpy():
        errors = tf.abs(y[:, c] - p[:, c])
        order = tf.argsort(errors, direction="DESCENDING", stable=True)
        fg = tf.gather(y[:, c], order)
        total = tf.reduce_sum(fg)
        jaccard = 1 - (total - tf.cumsum(fg)) / (total + tf.cumsum(1 - fg))
        slopes = tf.concat([jaccard[:1], jaccard[1:] - jaccard[:-1]], 0)
        losses.append(tf.tensordot(tf.gather(errors, order), tf.stop_gradient(slopes), 1))
    return tf.add_n(losses) / len(losses) if losses else tf.reduce_sum(p) * 0
def run(case, loss, given):
    logits = tf.Variable(tf.constant(case["logits"], tf.float64))
    labels = tf.constant(case["labels"])
    keep = tf.constant([l < 4 and l not in request["ignored"] for l in case["labels"]])
    if not bool(tf.reduce_any(keep)):
        return {"value": 0, "gradient": [0] * (4 * len(case["labels"]))}
    with tf.GradientTape() as tape:
        z, t = tf.boolean_mask(logits, keep), tf.boolean_mask(labels, keep)
        n = max(1, int(tf.size(t)))
        p = tf.nn.softmax(z)
        y = tf.one_hot(t, 4, dtype=tf.float64)
        pt = tf.reduce_sum(p * y, 1)
        ce = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=t, logits=z)
        miss = -tf.math.expm1(-ce)
        tp, fp, fn = tf.reduce_sum(p * y, 0), tf.reduce_sum(p * (1 - y), 0), tf.reduce_sum((1 - p) * y, 0)
        seen = tf.where(tf.reduce_sum(y, 0) > 0)[:, 0]
        def mean(v):
            v = tf.gather(v, seen)
            return tf.reduce_sum(v) / max(1, int(tf.size(v)))
        s = given.get("smooth", 0)
        a, b = given.get("alpha", 0.3), given.get("beta", 0.7)
        value = {
            "crossentropy": lambda: tf.reduce_sum(ce) / n,
            "weighted-crossentropy": lambda: tf.reduce_sum(ce * tf.gather(weights, t)) / n,
            "focal": lambda: tf.reduce_sum(given.get("alpha", 0.25) * (miss ** given.get("gamma", 2) if given.get("gamma", 2) > 0 else 1) * ce) / n,
            "dice": lambda: mean(1 - (2 * tp + s) / (2 * tp + fp + fn + s)),
            "iou": lambda: mean(1 - (tp + s) / (tp + fp + fn + s)),
            "tversky": lambda: mean(1 - tp / (tp + a * fp + b * fn)),
            "focal-tversky": lambda: mean(
                tf.maximum(1 - tp / (tp + a * fp + b * fn), 1e-30) ** (1 / given.get("gamma", 4 / 3))),
            "lovasz": lambda: lovasz(p, y, seen),
        }[loss]()
    gradient = tape.gradient(value, logits)
    gradient = tf.convert_to_tensor(gradient) if gradient is not None else tf.zeros_like(logits)
    answer = {"value": float(value), "gradient": tf.reshape(gradient, [-1]).numpy().tolist()}
    if loss == "focal" and int(tf.size(t)) > 0:
        theirs = keras.losses.CategoricalFocalCrossentropy(
            alpha=given.get("alpha", 0.25), gamma=given.get("gamma", 2), from_logits=True)
        answer["keras"] = float(theirs(tf.cast(y, tf.float32), tf.cast(z, tf.float32)))
    return answer
print(json.dumps([[run(case, one["loss"], one["given"]) for one in request["losses"]] for case in request["cases"]]))
`;

/** Each loss as it is, and with other numbers where it takes some. */
const chosen = [
  ...losses.map(({ id }) => ({ loss: id, given: {} })),
  { loss: "focal", given: { gamma: 0, alpha: 1 } },
  { loss: "focal", given: { gamma: 3.5, alpha: 0.5 } },
  { loss: "dice", given: { smooth: 1 } },
  { loss: "iou", given: { smooth: 10 } },
  { loss: "tversky", given: { alpha: 0.8, beta: 0.4 } },
  { loss: "focal-tversky", given: { alpha: 0.6, beta: 0.2, gamma: 2 } },
];

const answerSchema = z.array(
  z.array(z.object({ value: z.number(), gradient: z.array(z.number()), keras: z.number().optional() })),
);

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
  {
    name: "a perfect prediction",
    logits: mixed.map((label) => Array.from({ length: CLASSES }, (_, index) => (index === label ? 60 : 0))),
    labels: mixed,
  },
  { name: "a tile without any label", logits, labels: mixed.map(() => 255) },
  { name: "a tile of an ignored class", logits, labels: mixed.map(() => 1) },
  { name: "one class alone", logits, labels: mixed.map(() => 2) },
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
      writeFileSync(
        `${folder}/request.json`,
        JSON.stringify({ cases, losses: chosen, classWeights, ignored: ignoredClasses }),
      );
      const answers = answerSchema.parse(await runPeer(reference, [`${folder}/request.json`]));
      rmSync(folder, { recursive: true });
      for (const [caseIndex, one] of cases.entries()) {
        for (const [lossIndex, { loss: id, given }] of chosen.entries()) {
          const expected = answers[caseIndex]?.[lossIndex];
          const loss = formatLossExpression([{ id, weight: 1, parameters: given }]);
          const actual = ours(loss, one);
          if (expected?.keras !== undefined) {
            // Keras cuts probabilities off at 1e-7.
            expect(Math.abs(actual.value - expected.keras), `Keras' ${loss}, ${one.name}`).toBeLessThan(1e-5);
          }
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

test("a weighted sum of losses is the sum of their values and gradients", () => {
  const [one] = cases;
  if (one === undefined) {
    throw new Error("no case");
  }
  const [sum, entropy, dice] = ["crossentropy + 0.5*dice", "crossentropy", "dice"].map((loss) =>
    ours(loss, one),
  );
  expect(sum?.value).toBeCloseTo((entropy?.value ?? NaN) + 0.5 * (dice?.value ?? NaN), 5);
  sum?.gradient.forEach((value, index) => {
    expect(value).toBeCloseTo((entropy?.gradient[index] ?? NaN) + 0.5 * (dice?.gradient[index] ?? NaN), 6);
  });
});

test("an unknown loss is refused with the known ones", () => {
  expect(() => parseLoss("crossentropy+hinge")).toThrow(
    'There is no loss "hinge"; known are crossentropy, weighted-',
  );
  expect(() => parseLoss("focal(delta=2)")).toThrow(
    'The loss "focal" has no "delta"; it takes gamma, alpha.',
  );
  expect(() => parseLoss("dice(smooth=-1)")).toThrow("isn't NAME=NUMBER");
  expect(() => parseLoss("focal(gamma=99)")).toThrow("gamma is a number from 0 to 20");
});
