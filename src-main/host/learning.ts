import type { contract, EngineStatus } from "#shared/contract.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import type { Run } from "#shared/training/run.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { ClassGrid, ClassWindow } from "../raster/index.ts";
import { Engine } from "./engine/index.ts";
import { Evaluation } from "./evaluation/index.ts";
import type { EngineLauncher } from "./host-options.ts";
import { LivePredictions, Predictions } from "./inference/index.ts";
import type { Jobs } from "./jobs/index.ts";
import type { Projects } from "./projects/index.ts";
import { Runs } from "./runs/index.ts";
import { Training } from "./training/index.ts";

type Contract = Implementation<typeof contract>;

export interface LearningOptions {
  readonly projects: Projects;
  readonly jobs: Jobs;
  readonly engine: EngineLauncher;
  readonly dataDirectory: string;
  readonly version: string;
  readonly files: { resolveFile(fileId: string): Promise<string> };
  /** The file of another build of TensorFlow than the app's own, where there is one. */
  readonly bindingPath?: () => string | null;
}

/** All services that need the engine or what it made: their part of the contract, and what exports and the command line use of them. */
export interface Learning {
  readonly engine: Engine;
  readonly runs: Runs;
  readonly training: Training;
  readonly predictions: Predictions;
  readonly live: LivePredictions;
  readonly evaluation: Evaluation;
  readonly implementation: Pick<Contract, "training" | "runs" | "predictions" | "evaluation">;
  engineStatus(): Promise<EngineStatus>;
  /** Throws `not-found`. */
  run(projectId: string, runId: string): Promise<Run>;
  runDirectory(projectId: string, runId: string): Promise<string>;
  /** Null while nothing has been predicted there. */
  readPrediction(projectId: string, mosaicId: string, runId: string): Promise<ClassGrid | null>;
  /** What has been predicted live of a window. */
  readLive(
    projectId: string,
    mosaicId: string,
    runId: string,
    request: { readonly pixelWindow: PixelWindow; readonly outputSize: PixelSize },
  ): Promise<ClassWindow>;
  /** Ends the engine; jobs must have ended before. */
  close(): Promise<void>;
}

/** Makes the learning services; the engine starts when it is first needed. */
export function createLearning({
  projects,
  jobs,
  engine: launcher,
  dataDirectory,
  version,
  files,
  bindingPath,
}: LearningOptions): Learning {
  const engine = new Engine(launcher, bindingPath);
  const runs = new Runs({ projects, dataDirectory });
  const training = new Training({ projects, jobs, engine, runs, version, files });
  const predictions = new Predictions({ projects, jobs, engine, runs });
  const live = new LivePredictions({ jobs, engine, runs });
  const evaluation = new Evaluation({
    projects,
    runs,
    predictions,
    files,
    groundOfRun: (project, stored) => training.groundOf(project, stored),
  });
  return {
    engine,
    runs,
    training,
    predictions,
    live,
    evaluation,
    implementation: {
      training: training.implementation(),
      runs: runs.implementation(),
      predictions: {
        ...predictions.implementation(),
        live: ({ projectId, ...view }, context) => live.watch(projects.get(projectId), view, context),
      },
      evaluation: evaluation.implementation(),
    },
    engineStatus: () => engine.status(),
    run: async (projectId, runId) => (await runs.get(projectId, runId)).run,
    runDirectory: async (projectId, runId) => (await runs.get(projectId, runId)).directory,
    readPrediction: (projectId, mosaicId, runId) => predictions.readPrediction(projectId, mosaicId, runId),
    readLive: (projectId, mosaicId, runId, request) =>
      live.read(projects.get(projectId), mosaicId, runId, request),
    close: async () => {
      await live.close();
      await engine.close();
    },
  };
}
