import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sampleOf } from "./harness/bench.ts";
import type { Bench, BenchRow } from "./harness/bench.ts";
import type { Contestant, Mode } from "./harness/engine/contestant.ts";
import { kerasVersions, startKeras } from "./harness/engine/keras-side.ts";
import { startOrthomask, writeFirstWeights } from "./harness/engine/orthomask-side.ts";
import { works } from "./harness/engine/works.ts";
import type { Work } from "./harness/engine/works.ts";
import { disturbanceOf, OthersLoad } from "./harness/processor-time.ts";

/** What issue 4 asks for, as shares of Keras' numbers. */
const targets = { train: 0.8, predict: 0.9, peakMemory: 0.95 };

const measureNames = { train: "training step", predict: "prediction" };
const peakNames = { train: "peak memory, training", predict: "peak memory, prediction" };

/** How long the two sides take turns, in seconds, for each network and mode. */
const TURNS_SECONDS = 30;

/** Steps in a turn: enough that caches are its own again, few enough that both sides see the same machine. */
const STEPS_A_TURN = 2;

/** Where a first step takes longer than this, turns are of single steps and nothing warms up further: the rest would not be worth its minutes. */
const LONG_STEP_SECONDS = 10;

/**
 * Times training steps and predictions of the engine's process and of Keras:
 * `npm run bench -- engine-speed [segnet-upsample] [fcn32] [unet] [train] [predict] [--xla]`.
 */
export const bench: Bench = {
  title: "Engine against Keras on the same TensorFlow",
  method:
    "Same network, batch, loss and optimizer (Adam), dropout on. Each side is a process of its own: the app's engine with the batch sent to it, " +
    "and Python Keras' `train_on_batch` / `predict_on_batch` without XLA, so that both run TensorFlow's own kernels (with it in rows that say so). They take turns of two steps, of one where a step takes long. " +
    "Peak memory is each process's largest resident size. Keras' batches are float32 arrays made beforehand; the engine's are bytes that it scales itself.",
  run: async (words, keep) => {
    const versions = await kerasVersions();
    const modes = (["train", "predict"] as const).filter(
      (mode) => words.includes(mode) || !(words.includes("train") || words.includes("predict")),
    );
    const chosen = works.filter(({ model }) => words.includes(model.architecture));
    const rows: BenchRow[] = [];
    for (const work of chosen.length > 0 ? chosen : works) {
      for (const mode of modes) {
        const found = await compare(work, mode, words.includes("--xla"));
        keep({ versions, rows: found });
        rows.push(...found);
      }
    }
    return { versions, rows };
  },
};

async function compare(work: Work, mode: Mode, compiled: boolean): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "orthomask-bench-"));
  const contestants: Contestant[] = [];
  try {
    const weights = path.join(folder, "weights");
    if (mode === "predict") {
      await writeFirstWeights(work, weights);
    }
    const ours = await startOrthomask(work, mode, weights);
    contestants.push(ours);
    const keras = await startKeras(work, mode, folder, { compiled });
    contestants.push(keras);
    // The second step may still be slower than the rest: TensorFlow's threads and pools are new.
    const isLong = mode === "train" && ours.firstStepSeconds > LONG_STEP_SECONDS;
    const steps = isLong ? 1 : STEPS_A_TURN;
    if (!isLong) {
      await ours.run(1);
      await keras.run(1);
    }
    const others = new OthersLoad([ours.pid, keras.pid]);
    const seconds: { ours: number[]; keras: number[] } = { ours: [], keras: [] };
    const until = performance.now() + TURNS_SECONDS * 1000;
    do {
      seconds.ours.push(...(await ours.run(steps)));
      seconds.keras.push(...(await keras.run(steps)));
    } while (performance.now() < until || seconds.ours.length < 3);
    const othersPercent = others.percent();
    console.log(work.name, mode, `others took ${othersPercent.toFixed(1)} % of the processors' time`);
    const disturbance = disturbanceOf(othersPercent);
    const peer = (values: readonly number[]): BenchRow["peer"] => ({
      name: compiled ? "Keras, XLA" : "Keras",
      sample: sampleOf(values),
    });
    // Rows of their own: both of Keras' ways stay in the results.
    const beside = compiled ? " (against XLA)" : "";
    const milliseconds = (values: readonly number[]): number[] => values.map((value) => value * 1000);
    const megabytes = (side: Contestant): number[] => [side.memory().peakBytes / 1e6];
    return [
      {
        ...{ work: work.name, measure: `${measureNames[mode]}${beside}`, unit: "ms" },
        ours: sampleOf(milliseconds(seconds.ours)),
        peer: peer(milliseconds(seconds.keras)),
        target: { of: "ratio", atMost: targets[mode] },
        ...disturbance,
      },
      {
        ...{ work: work.name, measure: `${peakNames[mode]}${beside}`, unit: "MB" },
        ours: sampleOf(megabytes(ours)),
        peer: peer(megabytes(keras)),
        target: { of: "ratio", atMost: targets.peakMemory },
      },
    ];
  } finally {
    for (const contestant of contestants) {
      await contestant.close();
    }
    rmSync(folder, { recursive: true, force: true });
  }
}
