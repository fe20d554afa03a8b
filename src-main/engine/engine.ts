import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { basename } from "node:path";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { nothingFitsSentence, type WeightsReport } from "#shared/training/weights-report.ts";
import { exportModel } from "./export/export-model.ts";
import type { TensorFlow } from "./load-tensorflow.ts";
import { modelOf } from "./models/describe.ts";
import type { EngineContract, EngineInfo, TrainingRequest } from "./port.ts";
import { PredictionSession } from "./prediction-session.ts";
import { createSegments } from "./segments/segment-model.ts";
import { TrainingSession } from "./training-session.ts";
import { matchWeights } from "./weights/match-weights.ts";
import { openWeightsFile } from "./weights/weights-file.ts";

/** Carries out the engine's contract with TensorFlow, which is loaded when first needed. */
export function createEngine(
  loadFrom: (bindingPath: string | null) => TensorFlow,
): Implementation<EngineContract> {
  let bindingPath: string | null = null;
  const load = (): TensorFlow => loadFrom(bindingPath);
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
      useBinding: (input) => {
        ({ bindingPath } = input);
      },
      info: () => engineInfo(load()),
      createTraining: async (request) => {
        const { session, weights } = await openTraining(load(), request);
        const { parameters, trainableParameters, estimatedBytes } = session;
        const sessionId = remember(trainings, session);
        return { sessionId, parameters, trainableParameters, estimatedBytes, weights };
      },
      inspectWeights: async ({ model, path, input = null }) => {
        const built = asInvalidInput(() => modelOf(model));
        const file = await openWeightsFile(path);
        try {
          return matchWeights(built, file, basename(path), input).report;
        } finally {
          file.close();
        }
      },
      exportModel: async (request) => ({ paths: await exportModel(request) }),
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
    segments: createSegments(),
  };
}

/** A training with the weights it is to begin with, where a file of them is given. */
async function openTraining(
  tensorflow: TensorFlow,
  request: TrainingRequest,
): Promise<{ session: TrainingSession; weights: WeightsReport | null }> {
  const { initialWeights = null, initialWeightsInput = null, checkpoint } = request;
  if (initialWeights === null || checkpoint !== null) {
    return { session: asInvalidInput(() => new TrainingSession(tensorflow, request)), weights: null };
  }
  const model = asInvalidInput(() => modelOf(request.model));
  const file = await openWeightsFile(initialWeights);
  try {
    const { report, values } = matchWeights(model, file, basename(initialWeights), initialWeightsInput);
    if (report.loaded.length === 0) {
      throw new RpcError("invalid-input", nothingFitsSentence(report, "this network"));
    }
    const session = asInvalidInput(
      () => new TrainingSession(tensorflow, request, { initialWeights: values }),
    );
    return { session, weights: report };
  } finally {
    file.close();
  }
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
  const { device } = tensorflow;
  return {
    tensorflowVersion: tensorflow.version,
    device,
    deviceName: device === "gpu" ? nvidiaName() : (cpus()[0]?.model ?? "CPU").trim(),
    memoryBytes: device === "gpu" ? null : totalmem(),
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
