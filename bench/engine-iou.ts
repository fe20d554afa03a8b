import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { runPeer } from "../fixtures/peers.ts";
import { loadTensorFlow } from "../src-main/engine/load-tensorflow.ts";
import type { ModelSettings } from "../src-main/engine/port.ts";
import { TrainingSession } from "../src-main/engine/training-session.ts";
import { randomSource } from "../src-main/engine/weights/random.ts";
import { meanIouOf } from "../src-shared/metrics/matrix-measures.ts";
import { sampleOf } from "./harness/bench.ts";
import type { Bench, BenchReport } from "./harness/bench.ts";
import { chosenTiles, cutDubai, hasDubai } from "./harness/engine/dubai-tiles.ts";
import type { LabelledTiles } from "./harness/engine/dubai-tiles.ts";
import { layersForKeras } from "./harness/engine/keras-side.ts";
import { trainingRequestOf } from "./harness/engine/works.ts";

/** Each seed takes both sides a minute or two. */
const SEEDS = 6;
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

/** Trains on real mosaics here and in Keras with a few seeds each: `npm run bench -- engine-iou [number of seeds] [--no-dropout]`. */
export const bench: Bench = {
  title: "Validation mean IoU against Keras",
  method:
    `A U-Net of width ${model.width ?? 0} is trained on the Dubai mosaics ${TRAINING_MOSAICS.join(", ")} for ${EPOCHS} epochs (tiles of ${TILE_PIXELS} px seen at ${model.tileWidth}, batch ${BATCH}, ` +
    `Adam ${LEARNING_RATE}, cross-entropy) and measured on ${VALIDATION_MOSAICS.join(" and ")}, with several seeds. A seed decides first weights and the tiles' order, which both sides share, ` +
    "and what dropout drops, which each draws for itself; without dropout both sides do the same steps, and only rounding parts them. Mean IoU is over all validation pixels; " +
    "the difference is of the two sides with the same seed.",
  run: async (words) => {
    const seeds = Number(words.find((word) => /^\d+$/.test(word)) ?? SEEDS);
    const isDropping = !words.includes("--no-dropout");
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
      return await compare(training, validation, { folder, seeds, isDropping });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function compare(
  training: LabelledTiles,
  validation: LabelledTiles,
  { folder, seeds, isDropping }: { folder: string; seeds: number; isDropping: boolean },
): Promise<BenchReport> {
  for (const [name, tiles] of Object.entries({ training, validation })) {
    writeFileSync(path.join(folder, `${name}-pixels`), tiles.pixels);
    writeFileSync(path.join(folder, `${name}-labels`), tiles.labels);
  }
  const [ours, keras]: [number[], number[]] = [[], []];
  let versions = {};
  for (let seed = 1; seed <= seeds; seed += 1) {
    const order = batchesOf(training.count, seed);
    const weights = path.join(folder, `weights-${seed}`);
    const mine = trainHere(training, validation, { seed, order, weights, isDropping });
    const theirs = await trainInKeras(folder, { seed, order, weights, isDropping });
    ({ versions } = theirs);
    console.log(`seed ${seed}: mean IoU ${mine.meanIou.toFixed(4)}, Keras ${theirs.meanIou.toFixed(4)}`);
    console.log(`relative difference of the losses: ${partingOf(mine.losses, theirs.losses)}`);
    ours.push(mine.meanIou);
    keras.push(theirs.meanIou);
  }
  const differences = ours.map((meanIou, index) => meanIou - (keras[index] ?? NaN));
  const mean = differences.reduce((sum, difference) => sum + difference, 0) / seeds;
  const deviation = Math.sqrt(
    differences.reduce((sum, difference) => sum + (difference - mean) ** 2, 0) / (seeds - 1),
  );
  const work = `unet width ${model.width ?? 0}, Dubai, ${EPOCHS} epochs${isDropping ? "" : ", no dropout"}`;
  console.log(
    `ours less Keras': ${mean.toFixed(4)} ± ${(deviation / Math.sqrt(seeds)).toFixed(4)} (standard error)`,
  );
  return {
    versions,
    rows: [
      {
        work,
        ...{ measure: "validation mean IoU", unit: "of 1", ours: sampleOf(ours) },
        peer: { name: "Keras", sample: sampleOf(keras) },
        target: { of: "span" },
      },
      {
        work,
        ...{ measure: "ours less Keras', seed by seed", unit: "of 1", ours: sampleOf(differences) },
        ...{ peer: null, target: null },
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
  /** Whether dropout drops anything. */
  readonly isDropping: boolean;
}

interface Outcome {
  readonly meanIou: number;
  /** Of each step. */
  readonly losses: readonly number[];
}

/** How far two trainings' losses are apart after so many steps, each the largest until then. */
function partingOf(ours: readonly number[], theirs: readonly number[]): string {
  let largest = 0;
  const parts: string[] = [];
  for (const [index, loss] of ours.entries()) {
    const other = theirs[index] ?? NaN;
    largest = Math.max(largest, Math.abs(loss - other) / Math.abs(other));
    if ([1, 5, 20, 50, 100, ours.length].includes(index + 1)) {
      parts.push(`${largest.toExponential(1)} by step ${index + 1}`);
    }
  }
  return parts.join(", ");
}

function trainHere(
  training: LabelledTiles,
  validation: LabelledTiles,
  { seed, order, weights, isDropping }: SeededTraining,
): Outcome {
  // Not the engine's process: its contract has no way to leave dropout out.
  const session = new TrainingSession(
    loadTensorFlow(),
    { ...trainingRequestOf(model, BATCH), seed },
    { dropout: isDropping },
  );
  try {
    session.saveCheckpoint(weights, false);
    const losses = order.map(
      (chosen, index) =>
        session.trainStep({ ...chosenTiles(training, chosen), learningRate: LEARNING_RATE, step: index + 1 })
          .loss,
    );
    const confusion = new Float64Array(model.classes ** 2);
    for (let start = 0; start < validation.count; start += BATCH) {
      const size = Math.min(BATCH, validation.count - start);
      const batch = chosenTiles(
        validation,
        Array.from({ length: size }, (_, index) => start + index),
      );
      const counts = session.evaluateStep({ ...batch, returnPrediction: false }).confusion;
      for (const [cell, count] of counts.entries()) {
        confusion[cell] = (confusion[cell] ?? 0) + count;
      }
    }
    return { meanIou: meanIouOf(confusion, model.classes) ?? NaN, losses };
  } finally {
    session.close();
  }
}

async function trainInKeras(
  folder: string,
  { seed, order, weights, isDropping }: SeededTraining,
): Promise<Outcome & { readonly versions: Record<string, string> }> {
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
      ...{ weights, dropout: isDropping, seed, learningRate: LEARNING_RATE, order },
      ...{ training: files("training"), validation: files("validation") },
    }),
  );
  const answer = await runPeer(scoresScript, [request], { timeoutMilliseconds: 3_600_000 });
  const { confusion, losses, versions } = answerSchema.parse(answer);
  return { meanIou: meanIouOf(Float64Array.from(confusion), model.classes) ?? NaN, losses, versions };
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
