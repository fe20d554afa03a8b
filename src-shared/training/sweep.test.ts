import { describe, expect, it } from "vitest";
import { lastTurn, queuedRuns } from "./run-queue.ts";
import type { Run } from "./run.ts";
import {
  expandSweep,
  sweepableSetting,
  sweepableSettings,
  sweepName,
  sweepValues,
  writtenValue,
  type SweepAxis,
} from "./sweep.ts";
import { noAugmentation, trainingSettingsSchema, type TrainingSettings } from "./training-settings.ts";

const base: TrainingSettings = {
  version: 2,
  architecture: "unet",
  width: 16,
  upsampling: "transposed",
  freezeEncoder: false,
  tilePixels: 256,
  inputPixels: null,
  batch: 4,
  accumulation: 1,
  epochs: 10,
  maxSteps: null,
  learningRate: 0.001,
  optimizer: { kind: "sgd", momentum: 0.9, nesterov: false },
  schedule: { kind: "constant" },
  clipping: { kind: "none" },
  earlyStopping: null,
  l2: 0,
  precision: "float32",
  loss: "crossentropy",
  classWeighting: { kind: "auto" },
  split: { kind: "mosaic", share: 0.25 },
  sampling: "grid",
  augmentation: noAugmentation,
  seed: 1,
  mosaicIds: null,
};

function axis(word: string, values: string): SweepAxis {
  const setting = sweepableSetting(base, word);
  if (setting === null) {
    throw new Error(`no setting ${word}`);
  }
  return { setting, values: sweepValues(values) };
}

describe("what can be varied", () => {
  it("is read off the schema: every setting but those of the data, and what the chosen kinds have", () => {
    const keys = sweepableSettings(base).map(({ key }) => key);
    const own = Object.keys(trainingSettingsSchema.shape).filter(
      (key) => !["version", "split", "mosaicIds", "earlyStopping", "augmentation"].includes(key),
    );
    expect(keys).toEqual(expect.arrayContaining(own));
    expect(keys).toEqual(expect.arrayContaining(["optimizer.momentum", "augmentation.scale"]));
    expect(keys).not.toContain("optimizer.weightDecay");
    expect(sweepableSetting(base, "lr")?.key).toBe("learningRate");
    expect(sweepableSetting(base, "model")?.words).toBe("network");
    expect(sweepableSetting(base, "clipping")?.values).toEqual({ kind: "variant", choices: ["none"] });
    expect(sweepableSetting(base, "split")).toBeNull();
  });

  it("is shown with the value it has", () => {
    expect(
      ["learningRate", "optimizer", "inputPixels", "augmentation.flips"].map((key) =>
        writtenValue(base, key),
      ),
    ).toEqual(["0.001", "sgd", "none", "false"]);
  });
});

describe("a sweep", () => {
  it("is every combination, the last setting changing fastest, each told by what is its own", () => {
    const trainings = expandSweep(base, [axis("learning-rate", "0.001, 3e-3"), axis("width", "8 16 none")]);
    expect(trainings.map(({ settings: { learningRate, width } }) => [learningRate, width])).toEqual([
      [0.001, 8],
      [0.001, 16],
      [0.001, null],
      [0.003, 8],
      [0.003, 16],
      [0.003, null],
    ]);
    expect(trainings[3]?.words).toBe("learning rate 3e-3, width 8");
    const [one] = expandSweep(base, [axis("seed", "1,2"), axis("epochs", "9")]);
    expect(one?.words).toBe("seed 1");
    expect(sweepName("U-Net", trainings[3]?.words ?? "")).toBe("U-Net: learning rate 3e-3, width 8");
    for (const {
      settings: { learningRate: _rate, width: _width, ...same },
    } of trainings) {
      expect(base).toMatchObject(same);
    }
  });

  it("takes sums of losses, kinds with their defaults, switches and settings within others", () => {
    const losses = expandSweep(base, [axis("loss", "focal(gamma=2,alpha=0.5)+dice, crossentropy")]);
    expect(losses.map(({ settings }) => settings.loss)).toEqual([
      "focal(gamma=2,alpha=0.5)+dice",
      "crossentropy",
    ]);
    const optimizers = expandSweep(base, [axis("optimizer", "adam,adamw")]);
    expect(optimizers[1]?.settings.optimizer).toEqual({ kind: "adamw", weightDecay: 0.004 });
    const [flips, still] = expandSweep(base, [axis("augmentation.flips", "true,false")]);
    expect([flips?.settings.augmentation.flips, still?.settings.augmentation.flips]).toEqual([true, false]);
    expect(expandSweep(base, [axis("optimizer.momentum", "0.5")])[0]?.settings.optimizer).toEqual({
      kind: "sgd",
      momentum: 0.5,
      nesterov: false,
    });
    const innerFirst = expandSweep(base, [axis("optimizer.momentum", "0.5"), axis("optimizer", "sgd")]);
    expect(innerFirst[0]?.settings.optimizer).toMatchObject({ kind: "sgd", momentum: 0.5 });
  });

  it("lets another network bring its own width, unless widths are varied too", () => {
    const [same, other] = expandSweep(base, [axis("model", "unet,segnet")]);
    expect([same?.settings.width, other?.settings.width, other?.settings.upsampling]).toEqual([
      16,
      null,
      null,
    ]);
    const both = expandSweep(base, [axis("width", "8"), axis("model", "segnet")]);
    expect(both[0]?.settings.width).toBe(8);
  });

  it("refuses, in a sentence, what a setting doesn't take, and more than anybody means", () => {
    expect(() => expandSweep(base, [axis("width", "8,wide")])).toThrow(
      "width wide: expected a whole number or none.",
    );
    expect(() => expandSweep(base, [axis("sampling", "often")])).toThrow(
      /expected one of grid, random, balanced/,
    );
    expect(() => expandSweep(base, [axis("learning-rate", "-1")])).toThrow(
      /^learning rate -1: learningRate: /,
    );
    const many = Array.from({ length: 17 }, (_, index) => String(index + 1)).join();
    expect(() => expandSweep(base, [axis("seed", many), axis("batch", many)])).toThrow(
      /289 trainings, and at most 256/,
    );
    expect(() => expandSweep(base, [axis("seed", "1"), axis("seed", "2")])).toThrow(/once/);
  });
});

describe("the queue", () => {
  const run = (id: string, turn: number | null): Run =>
    ({ id, createdAt: id, state: turn === null ? { kind: "interrupted" } : { kind: "queued", turn } }) as Run;

  it("is what waits, by turns, then by age; a new one goes behind", () => {
    const runs = [run("c", 7), run("a", 7), run("x", null), run("b", 0)];
    expect(queuedRuns(runs).map(({ id }) => id)).toEqual(["b", "a", "c"]);
    const late = Date.now() + 1e6;
    expect(lastTurn([run("a", late)])).toBe(late + 1);
  });
});
