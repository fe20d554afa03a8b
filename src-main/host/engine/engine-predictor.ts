import path from "node:path";
import { countedClasses } from "#shared/metrics/confusion-matrix.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Run } from "#shared/training/run.ts";
import type { Upsampling } from "#shared/training/training-settings.ts";
import type { TilePredictor } from "./tile-predictor.ts";
import { networkSide, runFiles, type StoredRun } from "../runs/index.ts";
import { floatsOver, sampleBytes } from "./float-bytes.ts";
import type { Engine } from "./engine.ts";

/** A predictor in the engine's process; close it to give its memory back. */
export interface EnginePredictor extends TilePredictor {
  close(): Promise<void>;
}

/** Tiles predicted at once unless told otherwise, at 256 px; larger ones go in smaller batches. */
const DEFAULT_BATCH_PIXELS = 8 * 256 * 256;

/** Loads the best weights of a run. Throws `conflict` when no epoch of it has finished. */
export async function createEnginePredictor(
  engine: Engine,
  { run, directory }: StoredRun,
  options: { readonly batch?: number | undefined } = {},
): Promise<EnginePredictor> {
  if (run.best === null) {
    throw new RpcError(
      "conflict",
      `${run.name} has no finished epoch to predict with: train it further first.`,
    );
  }
  const explained = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw await engine.explained(error);
    }
  };
  const client = await explained(engine.client());
  const inputPixels = networkSide(run);
  const batch = options.batch ?? Math.max(1, Math.round(DEFAULT_BATCH_PIXELS / inputPixels ** 2));
  const { sessionId } = await explained(
    client.engine.createPrediction({
      model: modelOfRun(run),
      batch,
      inputType: run.input.normalization.kind === "uint8" ? "uint8" : "float32",
      weights: path.join(directory, runFiles.best),
    }),
  );
  return {
    tilePixels: run.settings.tilePixels,
    inputPixels,
    input: run.input,
    idOfChannel: countedClasses(run.classes).map(({ id }) => id),
    batch,
    predict: async (images, _count, callOptions) => {
      const { probabilities } = await explained(
        client.engine.predict({ sessionId, pixels: sampleBytes(images) }, callOptions),
      );
      return floatsOver(probabilities);
    },
    close: async () => {
      await client.engine.close({ sessionId }).catch(() => undefined);
    },
  };
}

/** The network that a run trains, as the engine builds it. */
export function modelOfRun(run: Pick<Run, "settings" | "classes" | "input">): {
  architecture: string;
  width: number | null;
  upsampling: Upsampling | null;
  bands: number;
  classes: number;
  tileHeight: number;
  tileWidth: number;
} {
  const side = networkSide(run);
  return {
    architecture: run.settings.architecture,
    width: run.settings.width,
    upsampling: run.settings.upsampling,
    bands: run.input.bands.length,
    classes: countedClasses(run.classes).length,
    tileHeight: side,
    tileWidth: side,
  };
}
