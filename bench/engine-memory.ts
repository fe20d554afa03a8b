import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ModelSettings } from "../src-main/engine/port.ts";
import { engineContract } from "../src-main/engine/port.ts";
import { forkEngine } from "../src-main/host/engine-process.ts";
import { connectContract } from "../src-shared/rpc/client.ts";
import { sampleOf } from "./harness/bench.ts";
import type { Bench } from "./harness/bench.ts";
import { memoryOf } from "./harness/engine/contestant.ts";
import { builtEngine } from "./harness/engine/orthomask-side.ts";
import { drawTiles, trainingRequestOf } from "./harness/engine/works.ts";

const STEPS = 10_000;
/** Steps that are not looked at: pools and the heap of JavaScript grow to their size. */
const WARM_UP = 1000;
/** An epoch has this many steps, some evaluations and a checkpoint. */
const EPOCH_STEPS = 50;
const EVALUATIONS_AN_EPOCH = 10;
const LOOK_EVERY = 10;

/** A network so small that thousands of steps take minutes: what is lost a step is lost whatever its size. */
const model: ModelSettings = {
  ...{ architecture: "unet", width: 16, bands: 3, classes: 5, tileHeight: 64, tileWidth: 64 },
};
const BATCH = 8;

/** Watches the engine's memory over thousands of steps, evaluations and checkpoints: `npm run bench -- engine-memory`. */
export const bench: Bench = {
  title: "Memory over a long training",
  method:
    `The engine's process takes ${STEPS} training steps; every ${EPOCH_STEPS} steps come ${EVALUATIONS_AN_EPOCH} evaluations and a checkpoint with the optimizer's state, as in an epoch. ` +
    `Its resident memory is read every ${LOOK_EVERY} steps; after ${WARM_UP} steps of warming up, the slope is the median of all slopes between two readings (Theil–Sen), and the growth is the ` +
    "median of the last quarter minus that of the first.",
  run: async () => {
    const megabytes = await watch();
    const readings = megabytes.slice(WARM_UP / LOOK_EVERY);
    const quarter = Math.floor(readings.length / 4);
    const growth = sampleOf(readings.slice(-quarter)).median - sampleOf(readings.slice(0, quarter)).median;
    const work = `unet width ${model.width}, batch ${BATCH}, 64², ${STEPS} steps`;
    return {
      versions: {},
      rows: [
        {
          ...{ work, measure: "slope of memory", unit: "MB per 1,000 steps" },
          ours: sampleOf([slope(readings) * (1000 / LOOK_EVERY)]),
          ...{ peer: null, target: { of: "value", atMost: 2 } },
        },
        {
          ...{ work, measure: "growth after warming up", unit: "MB" },
          ours: sampleOf([growth]),
          ...{ peer: null, target: { of: "value", atMost: 5 } },
        },
        {
          ...{ work, measure: "memory after warming up", unit: "MB" },
          ours: sampleOf(readings),
          ...{ peer: null, target: null },
        },
      ],
    };
  },
};

/** The engine's resident memory along a training, in megabytes. */
async function watch(): Promise<number[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "orthomask-bench-"));
  const launched = await forkEngine(await builtEngine());
  try {
    const { engine } = connectContract(engineContract, launched.port);
    const { sessionId } = await engine.createTraining(trainingRequestOf(model, BATCH));
    const { pixels, labels } = drawTiles({ name: "", model, batch: BATCH });
    const readings: number[] = [];
    for (let step = 1; step <= STEPS; step += 1) {
      await engine.trainStep({ sessionId, pixels, labels, learningRate: 1e-4, step });
      if (step % EPOCH_STEPS === 0) {
        for (let index = 0; index < EVALUATIONS_AN_EPOCH; index += 1) {
          await engine.evaluateStep({ sessionId, pixels, labels, returnPrediction: index % 2 === 0 });
        }
        const checkpoint = path.join(folder, "last.safetensors");
        await engine.saveCheckpoint({ sessionId, path: checkpoint, includeOptimizer: true });
      }
      if (step % LOOK_EVERY === 0) {
        readings.push(memoryOf(launched.pid).nowBytes / 1e6);
      }
    }
    return readings;
  } finally {
    launched.kill();
    await launched.exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The median slope between any two readings (Theil 1950, Sen 1968): one jump or dip does not tip it. */
function slope(readings: readonly number[]): number {
  const slopes = readings.flatMap((first, from) =>
    readings.slice(from + 1).map((second, index) => (second - first) / (index + 1)),
  );
  return sampleOf(slopes).median;
}
