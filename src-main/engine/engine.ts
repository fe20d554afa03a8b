import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { TensorFlow } from "./load-tensorflow.ts";
import type { EngineContract, EngineInfo } from "./port.ts";
import { PredictionSession } from "./prediction-session.ts";
import { TrainingSession } from "./training-session.ts";

/** Carries out the engine's contract with TensorFlow, which is loaded when first needed. */
export function createEngine(load: () => TensorFlow): Implementation<EngineContract> {
  const trainings = new Map<string, TrainingSession>();
  const predictions = new Map<string, PredictionSession>();
  let sessionCount = 0;

  function remember<T>(sessions: Map<string, T>, session: T): string {
    sessionCount += 1;
    const sessionId = `session-${sessionCount}`;
    sessions.set(sessionId, session);
    return sessionId;
  }

  function training(sessionId: string): TrainingSession {
    return found(trainings, sessionId, "training");
  }

  return {
    engine: {
      info: () => engineInfo(load()),
      createTraining: (request) => {
        const session = asInvalidInput(() => new TrainingSession(load(), request));
        const { parameters, trainableParameters, estimatedBytes } = session;
        return { sessionId: remember(trainings, session), parameters, trainableParameters, estimatedBytes };
      },
      trainStep: ({ sessionId, ...input }) => training(sessionId).trainStep(input),
      evaluateStep: ({ sessionId, ...input }) => training(sessionId).evaluateStep(input),
      createPrediction: (request) => {
        const session = asInvalidInput(() => new PredictionSession(load(), request));
        return { sessionId: remember(predictions, session), estimatedBytes: session.estimatedBytes };
      },
      predict: ({ sessionId, pixels }) => found(predictions, sessionId, "prediction").predict(pixels),
      saveCheckpoint: ({ sessionId, path, includeOptimizer }) => {
        training(sessionId).saveCheckpoint(path, includeOptimizer);
      },
      close: ({ sessionId }) => {
        trainings.get(sessionId)?.close();
        predictions.get(sessionId)?.close();
        trainings.delete(sessionId);
        predictions.delete(sessionId);
      },
    },
  };
}

function found<T>(sessions: ReadonlyMap<string, T>, sessionId: string, kind: string): T {
  const session = sessions.get(sessionId);
  if (session === undefined) {
    throw new RpcError(
      "not-found",
      `There is no ${kind} session ${sessionId}; it was closed, or the engine started anew.`,
    );
  }
  return session;
}

/** What goes wrong while a session is set up is in its request (a network that isn't there, a tile that doesn't fit). */
function asInvalidInput<T>(create: () => T): T {
  try {
    return create();
  } catch (error) {
    if (error instanceof RpcError) {
      throw error;
    }
    throw new RpcError("invalid-input", error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

function engineInfo(tensorflow: TensorFlow): EngineInfo {
  const gpu = tensorflow.usesGpu;
  return {
    tensorflowVersion: tensorflow.version,
    device: gpu ? "gpu" : "cpu",
    deviceName: gpu ? nvidiaName() : (cpus()[0]?.model ?? "CPU").trim(),
    memoryBytes: gpu ? null : totalmem(),
  };
}

/** The first card's name as the driver tells it. */
function nvidiaName(): string {
  try {
    const cards = readFileSync("/proc/driver/nvidia/gpus/0000:00:00.0/information", "utf8");
    return /Model:\s*(.+)/.exec(cards)?.[1] ?? "GPU";
  } catch {
    return "GPU";
  }
}
