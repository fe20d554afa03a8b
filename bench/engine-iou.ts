import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { runPeer } from "../fixtures/peers.ts";
import { engineContract } from "../src-main/engine/port.ts";
import type { ModelSettings } from "../src-main/engine/port.ts";
import { randomSource } from "../src-main/engine/weights/random.ts";
import { forkEngine } from "../src-main/host/engine-process.ts";
import { meanIouOf } from "../src-shared/metrics/matrix-measures.ts";
import { connectContract } from "../src-shared/rpc/client.ts";
import { sampleOf } from "./harness/bench.ts";
import type { Bench, BenchReport } from "./harness/bench.ts";
import { chosenTiles, cutDubai, hasDubai } from "./harness/engine/dubai-tiles.ts";
import type { LabelledTiles } from "./harness/engine/dubai-tiles.ts";
import { layersForKeras } from "./harness/engine/keras-side.ts";
import { builtEngine } from "./harness/engine/orthomask-side.ts";
import { trainingRequestOf } from "./harness/engine/works.ts";

const SEEDS = [1, 2, 3];
const EPOCHS = 12;
const BATCH = 8;
const LEARNING_RATE = 2e-3;
const TILE_PIXELS = 512;
const model: ModelSettings = {
  ...{ architecture: "unet", width: 8, bands: 3, classes: 5, tileHeight: 128, tileWidth: 128 },
};

/** Mosaics 4 and 7 overlap on the ground, so both are trained on. */
const TRAINING_MOSAICS = [4, 5, 7];
const VALIDATION_MOSAICS = [3, 6];

const scoresScript = path.join(import.meta.dirname, "harness/engine/keras_scores.py");
const answerSchema = z.object({
  confusion: z.array(z.int()),
  losses: z.array(z.number()),
  versions: z.record(z.string(), z.string()),
});

/** Trains on real mosaics here and in Keras with three seeds each: `npm run bench -- engine-iou`. */
export const bench: Bench = {
  title: "Validation mean IoU against Keras",
  method:
    `A U-Net of width ${model.width ?? 0} is trained on the Dubai mosaics ${TRAINING_MOSAICS.join(", ")} for ${EPOCHS} epochs (tiles of ${TILE_PIXELS} px seen at ${model.tileWidth}, batch ${BATCH}, ` +
    `Adam ${LEARNING_RATE}, cross-entropy) and measured on ${VALIDATION_MOSAICS.join(" and ")}, with ${SEEDS.length} seeds. A seed decides first weights and the tiles' order, which both sides share, ` +
    "and what dropout drops, which each draws for itself. Mean IoU is over all validation pixels.",
  run: async () => {
    if (!hasDubai()) {
      console.log("Skipped: the mosaics of Dubai are not in ../shared/data.");
      return { versions: {}, rows: [] };
    }
    const cut = { tilePixels: TILE_PIXELS, side: model.tileWidth, classes: model.classes };
    const training = await cutDubai(TRAINING_MOSAICS, cut);
    const validation = await cutDubai(VALIDATION_MOSAICS, cut);
    console.log(`${training.count} tiles to train on, ${validation.count} to measure on`);
    const folder = mkdtempSync(path.join(tmpdir(), "orthomask-bench-"));
    try {
      return await compare(training, validation, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function compare(
  training: LabelledTiles,
  validation: LabelledTiles,
  folder: string,
): Promise<BenchReport> {
  for (const [name, tiles] of Object.entries({ training, validation })) {
    writeFileSync(path.join(folder, `${name}-pixels`), tiles.pixels);
    writeFileSync(path.join(folder, `${name}-labels`), tiles.labels);
  }
  const [ours, keras]: [number[], number[]] = [[], []];
  let versions = {};
  for (const seed of SEEDS) {
    const order = batchesOf(training.count, seed);
    const weights = path.join(folder, `weights-${seed}`);
    const mine = await trainHere(training, validation, { seed, order, weights });
    const theirs = await trainInKeras(folder, { seed, order, weights });
    ({ versions } = theirs);
    console.log(`seed ${seed}: mean IoU ${mine.toFixed(4)}, Keras ${theirs.meanIou.toFixed(4)}`);
    ours.push(mine);
    keras.push(theirs.meanIou);
  }
  return {
    versions,
    rows: [
      {
        work: `unet width ${model.width ?? 0}, Dubai, ${EPOCHS} epochs, ${SEEDS.length} seeds`,
        ...{ measure: "validation mean IoU", unit: "of 1", ours: sampleOf(ours) },
        peer: { name: "Keras", sample: sampleOf(keras) },
        target: { of: "span" },
      },
    ],
  };
}

interface SeededTraining {
  readonly seed: number;
  /** For each step, the tiles it takes. */
  readonly order: readonly number[][];
  /** File for, or with, the first weights. */
  readonly weights: string;
}

async function trainHere(
  training: LabelledTiles,
  validation: LabelledTiles,
  { seed, order, weights }: SeededTraining,
): Promise<number> {
  const launched = await forkEngine(await builtEngine());
  try {
    const { engine } = connectContract(engineContract, launched.port);
    const { sessionId } = await engine.createTraining({ ...trainingRequestOf(model, BATCH), seed });
    await engine.saveCheckpoint({ sessionId, path: weights, includeOptimizer: false });
    for (const [index, chosen] of order.entries()) {
      const batch = chosenTiles(training, chosen);
      await engine.trainStep({ sessionId, ...batch, learningRate: LEARNING_RATE, step: index + 1 });
    }
    const confusion = new Float64Array(model.classes ** 2);
    for (let start = 0; start < validation.count; start += BATCH) {
      const size = Math.min(BATCH, validation.count - start);
      const batch = chosenTiles(
        validation,
        Array.from({ length: size }, (_, index) => start + index),
      );
      const counts = (await engine.evaluateStep({ sessionId, ...batch, returnPrediction: false })).confusion;
      for (const [cell, count] of counts.entries()) {
        confusion[cell] = (confusion[cell] ?? 0) + count;
      }
    }
    return meanIouOf(confusion, model.classes) ?? NaN;
  } finally {
    launched.kill();
    await launched.exited;
  }
}

async function trainInKeras(
  folder: string,
  { seed, order, weights }: SeededTraining,
): Promise<{ meanIou: number; versions: Record<string, string> }> {
  const files = (name: string): unknown => ({
    pixels: path.join(folder, `${name}-pixels`),
    labels: path.join(folder, `${name}-labels`),
  });
  const request = path.join(folder, "request.json");
  writeFileSync(
    request,
    JSON.stringify({
      layers: layersForKeras(model),
      ...{ height: model.tileHeight, width: model.tileWidth, bands: model.bands, classes: model.classes },
      ...{ weights, dropout: true, seed, learningRate: LEARNING_RATE, order },
      ...{ training: files("training"), validation: files("validation") },
    }),
  );
  const answer = await runPeer(scoresScript, [request], { timeoutMilliseconds: 600_000 });
  const { confusion, versions } = answerSchema.parse(answer);
  return { meanIou: meanIouOf(Float64Array.from(confusion), model.classes) ?? NaN, versions };
}

/** All tiles in a new order each epoch, in whole batches. */
function batchesOf(count: number, seed: number): number[][] {
  const next = randomSource(seed, "order");
  return Array.from({ length: EPOCHS }, () => {
    const shuffled = Array.from({ length: count }, (_, tile) => ({ tile, key: next() }))
      .toSorted((first, second) => first.key - second.key)
      .map(({ tile }) => tile);
    return Array.from({ length: Math.floor(count / BATCH) }, (_, index) =>
      shuffled.slice(index * BATCH, (index + 1) * BATCH),
    );
  }).flat();
}
