import type { WeightsReport } from "#shared/training/weights-report.ts";
import type { TrainingRequest } from "../../engine/port.ts";
import type { Trainer } from "./trainer.ts";
import { sampleBytes } from "./float-bytes.ts";
import type { Engine } from "./engine.ts";

/** A trainer in the engine's process, with what its steps are expected to need at their peak. */
export interface EngineTrainer extends Trainer {
  readonly estimatedBytes: number;
  /** What it took of the weights it was to begin with; null without any. */
  readonly weights: WeightsReport | null;
}

/**
 * Builds a network in the engine, from a checkpoint if the request names one. Its methods reject with a sentence on how the engine ended when it dies under
 * them.
 */
export async function createEngineTrainer(engine: Engine, request: TrainingRequest): Promise<EngineTrainer> {
  const explained = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw await engine.explained(error);
    }
  };
  const client = await explained(engine.client());
  const { sessionId, parameters, trainableParameters, estimatedBytes, weights } = await explained(
    client.engine.createTraining(request),
  );
  return {
    parameters,
    trainableParameters,
    estimatedBytes,
    weights,
    step: ({ images, channels }, { learningRate, step, update }) =>
      explained(
        client.engine.trainStep({
          sessionId,
          pixels: sampleBytes(images),
          labels: channels,
          learningRate,
          step,
          update,
        }),
      ),
    evaluate: ({ images, channels }, { predict }) =>
      explained(
        client.engine.evaluateStep({
          sessionId,
          pixels: sampleBytes(images),
          labels: channels,
          returnPrediction: predict,
        }),
      ),
    save: (filePath) =>
      explained(client.engine.saveCheckpoint({ sessionId, path: filePath, includeOptimizer: true })),
    close: async () => {
      // A dead engine holds nothing any more.
      await client.engine.close({ sessionId }).catch(() => undefined);
    },
  };
}
