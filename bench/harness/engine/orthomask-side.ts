import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { engineContract } from "../../../src-main/engine/port.ts";
import { forkEngine } from "../../../src-main/host/engine-process.ts";
import { connectContract } from "../../../src-shared/rpc/client.ts";
import { memoryOf } from "./contestant.ts";
import type { Contestant, Mode } from "./contestant.ts";
import { drawTiles, trainingRequestOf } from "./works.ts";
import type { Work } from "./works.ts";

let built: Promise<string> | undefined;

/**
 * Starts the engine's process as the app does and has it take its first step. Bytes cross the process boundary in each step, as
 * they do in the app. `weights` is the checkpoint that a prediction needs.
 */
export async function startOrthomask(
  work: Work,
  mode: Mode,
  weights: string | null = null,
): Promise<Contestant> {
  const enginePath = await builtEngine();
  const { pixels, labels } = drawTiles(work);
  const started = performance.now();
  const launched = await forkEngine(enginePath);
  const { engine } = connectContract(engineContract, launched.port);
  await engine.info();
  const requested = performance.now();
  const { model, batch } = work;
  const { sessionId } =
    mode === "train"
      ? await engine.createTraining(trainingRequestOf(model, batch))
      : await engine.createPrediction({ model, batch, inputType: "uint8", weights: weights ?? "" });
  let step = 0;
  const run = async (steps: number): Promise<number[]> => {
    const seconds: number[] = [];
    for (let index = 0; index < steps; index += 1) {
      const begin = performance.now();
      step += 1;
      await (mode === "train"
        ? engine.trainStep({ sessionId, pixels, labels, learningRate: 1e-4, step })
        : engine.predict({ sessionId, pixels }));
      seconds.push((performance.now() - begin) / 1000);
    }
    return seconds;
  };
  const [firstStepSeconds = NaN] = await run(1);
  const done = performance.now();
  return {
    pid: launched.pid,
    secondsToFirstStep: (done - started) / 1000,
    secondsFromRequest: (done - requested) / 1000,
    firstStepSeconds,
    run,
    memory: () => memoryOf(launched.pid),
    close: async () => {
      launched.kill();
      await launched.exited;
    },
  };
}

/** Writes a checkpoint with the network's first weights, in a process that isn't measured. */
export async function writeFirstWeights(work: Work, file: string): Promise<void> {
  const launched = await forkEngine(await builtEngine());
  try {
    const { engine } = connectContract(engineContract, launched.port);
    const { sessionId } = await engine.createTraining({
      ...trainingRequestOf(work.model, 1),
      optimizer: "sgd",
    });
    await engine.saveCheckpoint({ sessionId, path: file, includeOptimizer: false });
  } finally {
    launched.kill();
    await launched.exited;
  }
}

/** The engine's program as the app has it, built once. */
export function builtEngine(): Promise<string> {
  return (built ??= buildEngine());
}

/** In a process of its own: bundlers can't be loaded from inside one. */
async function buildEngine(): Promise<string> {
  const script = path.join(import.meta.dirname, "../../../scripts/build/build.mjs");
  await promisify(execFile)(process.execPath, [script, "engine"]);
  return path.join(import.meta.dirname, "../../../out/engine/engine.mjs");
}
