import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../fixtures/peers.ts";
import { isExhausted, learningRateAt, plateausReached } from "./learning-rate.ts";
import { seededRandom } from "./seeded-random.ts";
import type { ScheduleSettings } from "./training-settings.ts";

const STEPS_PER_EPOCH = 7;
const EPOCHS = 12;
const RATE = 0.02;

/** Losses that fall, stall and rise, the same each time. */
const random = seededRandom(4, "losses");
const histories = Array.from({ length: 6 }, () =>
  Array.from({ length: 30 }, (_, epoch) => 1 / (epoch + 1) + 0.3 * random.next()),
);

/** The rates of Keras' schedules and callbacks, driven as `fit` drives them. */
const keras = `
import json, sys
import keras
request = json.load(open(sys.argv[1]))
per, epochs, rate = request["stepsPerEpoch"], request["epochs"], request["rate"]
step = keras.optimizers.schedules.ExponentialDecay(rate, 3 * per, 0.5, staircase=True)
cosine = keras.optimizers.schedules.CosineDecay(0.0, (epochs - 2) * per, warmup_target=rate, warmup_steps=2 * per)
plain = keras.optimizers.schedules.CosineDecay(rate, epochs * per)
class Model:
    stop_training = False
    class optimizer:
        pass
def plateau(losses, patience):
    model = Model()
    model.optimizer = keras.optimizers.SGD(rate)
    callback = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=patience)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        rates.append(float(model.optimizer.learning_rate))
    return rates
def stopping(losses, patience, mode):
    model = Model()
    callback = keras.callbacks.EarlyStopping(monitor="value", patience=patience, mode=mode)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"value": loss})
        if model.stop_training:
            return epoch + 1
    return None
print(json.dumps({
    "step": [float(step(n)) for n in range(epochs * per)],
    "cosine": [float(cosine(n)) for n in range(epochs * per + 1)],
    "plain": [float(plain(n)) for n in range(epochs * per)],
    "plateau": [plateau(losses, 3) for losses in request["histories"]],
    "loss": [stopping(losses, 4, "min") for losses in request["histories"]],
    "iou": [stopping(losses, 4, "max") for losses in request["histories"]],
}))
`;
const answerSchema = z.object({
  step: z.array(z.number()),
  cosine: z.array(z.number()),
  plain: z.array(z.number()),
  plateau: z.array(z.array(z.number())),
  loss: z.array(z.number().nullable()),
  iou: z.array(z.number().nullable()),
});

function rates(schedule: ScheduleSettings): number[] {
  const totalSteps = EPOCHS * STEPS_PER_EPOCH;
  return Array.from({ length: totalSteps }, (_, before) =>
    learningRateAt(RATE, schedule, {
      step: before + 1,
      stepsPerEpoch: STEPS_PER_EPOCH,
      totalSteps,
      finished: [],
    }),
  );
}

function expectClose(ours: readonly number[], theirs: readonly number[]): void {
  expect(ours).toHaveLength(theirs.length);
  ours.forEach((rate, step) => {
    expect(rate, `step ${step + 1}`).toBeCloseTo(theirs[step] ?? NaN, 7);
  });
}

/** The first epoch after which training ends. */
function stopsAfter(measure: "loss" | "mean-iou", values: readonly number[]): number | null {
  const epochs = values.map((value) => ({ valLoss: value, valMeanIou: value }));
  const found = epochs.findIndex((_, epoch) =>
    isExhausted(epochs.slice(0, epoch + 1), { measure, patience: 4 }),
  );
  return found === -1 ? null : found + 1;
}

describe.skipIf(peerPython() === undefined)("against Keras (skipped without the Python peers)", () => {
  it("schedules, plateaus and early stopping", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orthomask-rates-"));
    writeFileSync(
      `${folder}/request.json`,
      JSON.stringify({ stepsPerEpoch: STEPS_PER_EPOCH, epochs: EPOCHS, rate: RATE, histories }),
    );
    const theirs = answerSchema.parse(await runPeer(keras, [`${folder}/request.json`]));
    rmSync(folder, { recursive: true });
    expectClose(rates({ kind: "step", everyEpochs: 3, factor: 0.5 }), theirs.step);
    // Ours leaves out Keras' first step of warm-up, whose rate is 0.
    const warm = rates({ kind: "cosine", warmupEpochs: 2 });
    expectClose(warm.slice(0, 2 * STEPS_PER_EPOCH), theirs.cosine.slice(1, 2 * STEPS_PER_EPOCH + 1));
    expectClose(warm.slice(2 * STEPS_PER_EPOCH), theirs.cosine.slice(2 * STEPS_PER_EPOCH, -1));
    expectClose(rates({ kind: "cosine", warmupEpochs: 0 }), theirs.plain);
    for (const [index, losses] of histories.entries()) {
      const epochs = losses.map((valLoss) => ({ valLoss, valMeanIou: 0 }));
      expectClose(
        epochs.map((_, epoch) => RATE * 0.5 ** plateausReached(epochs.slice(0, epoch + 1), 3)),
        theirs.plateau[index] ?? [],
      );
      expect(stopsAfter("loss", losses)).toBe(theirs.loss[index]);
      expect(stopsAfter("mean-iou", losses)).toBe(theirs.iou[index]);
    }
    expect(new Set(theirs.plateau.flat()).size).toBeGreaterThan(2);
    expect(theirs.loss.some((epoch) => epoch !== null)).toBe(true);
  }, 60_000);
});

it("keeps a constant rate", () => {
  expect(new Set(rates({ kind: "constant" }))).toEqual(new Set([RATE]));
});
