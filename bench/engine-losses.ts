import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { runPeer } from "../fixtures/peers.ts";
import { loadTensorFlow } from "../src-main/engine/load-tensorflow.ts";
import type { OptimizerName, TrainingRequest } from "../src-main/engine/port.ts";
import { TrainingSession } from "../src-main/engine/training-session.ts";
import { randomSource } from "../src-main/engine/weights/random.ts";
import { sampleOf } from "./harness/bench.ts";
import type { Bench, BenchRow } from "./harness/bench.ts";
import { layersForKeras, twinScript } from "./harness/engine/keras-side.ts";
import { trainingRequestOf } from "./harness/engine/works.ts";
import type { Work } from "./harness/engine/works.ts";

const STEPS = 20;
const BATCHES = 4;

/** A network, small enough that both sides take their steps in a minute. */
interface Case extends Work {
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
}

const cases: readonly Case[] = [
  caseOf("fcn32", null, 64, 1, "adam", 1e-5),
  caseOf("fcn16", null, 64, 1, "adam", 1e-5),
  caseOf("fcn8", null, 64, 1, "adam", 1e-5),
  caseOf("segnet-upsample", null, 128, 4, "sgd", 1e-5),
  caseOf("segnet", null, 256, 4, "sgd", 1e-4),
  caseOf("unet", 16, 128, 2, "sgd", 1e-3),
  caseOf("deeplabv3plus", 16, 128, 2, "sgd", 1e-4),
  caseOf("pspnet", 16, 128, 2, "sgd", 1e-4),
];

function caseOf(
  architecture: string,
  width: number | null,
  side: number,
  batch: number,
  optimizer: OptimizerName,
  learningRate: number,
): Case {
  return {
    name: `${architecture}, batch ${batch}, ${side}², ${optimizer} ${learningRate}`,
    model: { architecture, width, bands: 3, classes: 5, tileHeight: side, tileWidth: side },
    ...{ batch, optimizer, learningRate },
  };
}

const answerSchema = z.object({
  losses: z.array(z.number()).length(STEPS),
  versions: z.record(z.string(), z.string()),
});

type Answer = z.infer<typeof answerSchema>;

/** Trains each network here and in Keras from the same weights: `npm run bench -- engine-losses [NETWORK …]`. */
export const bench: Bench = {
  title: "Loss of each step against Keras",
  method:
    `The largest relative difference of the loss over ${STEPS} steps, from the same first weights, on the same ${BATCHES} batches in turn, ` +
    "dropout off. Networks with batch normalization take SGD: Adam's first steps are the learning rate times the gradient's sign, so weights whose gradient is " +
    "next to nothing go the way that rounding decides, on both sides. The peer's number is how far Keras with TensorFlow's other kernels (without oneDNN) is from the same Keras: " +
    "what rounding alone does. Where there is a second row, it says how far the losses are from those of the same steps at a rate of 0: a difference says something only far below it.",
  run: async (words, keep) => {
    const rows: BenchRow[] = [];
    let versions: Record<string, string> = {};
    for (const one of cases.filter(({ model }) => words.length === 0 || words.includes(model.architecture))) {
      const { ours, idle, keras, rounded } = await lossesOf(one);
      versions = keras.versions;
      const from = (losses: readonly number[]): number[] =>
        losses.map((loss, index) => {
          const theirs = keras.losses[index] ?? NaN;
          return Math.abs(loss - theirs) / Math.abs(theirs);
        });
      const differences = from(ours);
      console.log(one.name, `loss ${ours[0]} to ${ours.at(-1)}; differences, and Keras' own without oneDNN`);
      for (const list of [differences, from(rounded)]) {
        console.log(list.map((difference) => difference.toExponential(1)).join(" "));
      }
      rows.push({
        ...{ work: one.name, measure: "largest relative difference", unit: "of the loss" },
        ours: sampleOf([Math.max(...differences)]),
        peer: { name: "Keras without oneDNN", sample: sampleOf([Math.max(...from(rounded))]) },
        target: { of: "value", atMost: 1e-3 },
      });
      rows.push({
        ...{ work: one.name, measure: "how far the training moves the loss", unit: "of the loss" },
        ours: sampleOf([Math.max(...idle.map((loss, index) => Math.abs(loss / (ours[index] ?? NaN) - 1)))]),
        ...{ peer: null, target: null },
      });
      keep({ versions, rows });
    }
    return { versions, rows };
  },
};

async function lossesOf(
  one: Case,
): Promise<{ ours: number[]; idle: number[]; keras: Answer; rounded: number[] }> {
  const folder = mkdtempSync(path.join(tmpdir(), "orthomask-bench-"));
  const { model, batch, optimizer, learningRate } = one;
  const file = (name: string): string => path.join(folder, name);
  const request = { ...trainingRequestOf(model, batch), optimizer };
  const batches = Array.from({ length: BATCHES }, (_, index) => drawLearnable(one, index));
  try {
    const ours = stepLosses(request, batches, learningRate, file("weights"));
    const idle = stepLosses(request, batches, 0, null);
    for (const [index, { pixels, labels }] of batches.entries()) {
      writeFileSync(file(`pixels${index}`), pixels);
      writeFileSync(file(`labels${index}`), labels);
    }
    writeFileSync(
      file("request.json"),
      JSON.stringify({
        layers: layersForKeras(model),
        ...{ batch, height: model.tileHeight, width: model.tileWidth, bands: model.bands },
        ...{ classes: model.classes, weights: file("weights"), optimizer, learningRate, dropout: false },
        ...{ mode: "train", steps: STEPS, weightsAfter: null },
        batches: batches.map((_, index) => ({
          pixels: file(`pixels${index}`),
          labels: file(`labels${index}`),
        })),
      }),
    );
    const askKeras = async (env: Readonly<Record<string, string>>): Promise<Answer> =>
      answerSchema.parse(
        await runPeer(twinScript, [file("request.json")], { timeoutMilliseconds: 3_600_000, env }),
      );
    return {
      ours,
      idle,
      keras: await askKeras({}),
      // The same program with TensorFlow's other kernels: how far rounding alone carries a training.
      rounded: (await askKeras({ TF_ENABLE_ONEDNN_OPTS: "0" })).losses,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The loss of each step here; `weightsPath` gets the weights they begin with. */
function stepLosses(
  request: TrainingRequest,
  batches: readonly ReturnType<typeof drawLearnable>[],
  learningRate: number,
  weightsPath: string | null,
): number[] {
  const session = new TrainingSession(loadTensorFlow(), request, { dropout: false });
  try {
    if (weightsPath !== null) {
      session.saveCheckpoint(weightsPath, false);
    }
    return Array.from({ length: STEPS }, (_, index) => {
      const tiles = batches[index % BATCHES];
      if (tiles === undefined) {
        throw new Error("There is no batch.");
      }
      return session.trainStep({ ...tiles, learningRate, step: index + 1 }).loss;
    });
  } finally {
    session.close();
  }
}

/** Blocks whose class shows in their colour, with noise and some pixels without a label. */
function drawLearnable(
  { model, batch }: Work,
  seed: number,
): { pixels: Uint8Array<ArrayBuffer>; labels: Uint8Array<ArrayBuffer> } {
  const next = randomSource(seed, "tiles");
  const labels = Uint8Array.from({ length: batch * model.tileHeight * model.tileWidth }, (_, pixel) => {
    const [column, row] = [pixel % model.tileWidth, Math.floor(pixel / model.tileWidth)];
    const label = (Math.floor(column / 16) * 7 + Math.floor(row / 16) * 3 + seed) % model.classes;
    return pixel % 97 === 0 ? 255 : label;
  });
  const pixels = Uint8Array.from({ length: labels.length * model.bands }, (_, index) => {
    const label = labels[Math.floor(index / model.bands)] ?? 0;
    return (((label % 16) * 41 + (index % model.bands) * 40) % 200) + (next() % 50);
  });
  return { pixels, labels };
}
