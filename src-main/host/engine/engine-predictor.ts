import { countedClasses } from "#shared/metrics/confusion-matrix.ts";
import type { Run } from "#shared/training/run.ts";
import type { Upsampling } from "#shared/training/training-settings.ts";
import type { TilePredictor } from "./tile-predictor.ts";
import { expectFinishedEpoch, expectWeights, networkSide, type StoredRun } from "../runs/index.ts";
import { cropSquare, padByMirror } from "../network-tiles/index.ts";
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
  expectFinishedEpoch(run);
  const explained = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw await engine.explained(error);
    }
  };
  const weights = await expectWeights({ run, directory }, "best");
  const client = await explained(engine.client());
  const networkPixels = networkSide(run);
  const inputPixels = run.settings.inputPixels ?? run.settings.tilePixels;
  const model = modelOfRun(run);
  const batch = options.batch ?? Math.max(1, Math.round(DEFAULT_BATCH_PIXELS / networkPixels ** 2));
  const { sessionId } = await explained(
    client.engine.createPrediction({
      model,
      batch,
      inputType: run.input.normalization.kind === "uint8" ? "uint8" : "float32",
      weights,
    }),
  );
  return {
    tilePixels: run.settings.tilePixels,
    inputPixels,
    input: run.input,
    idOfChannel: countedClasses(run.classes).map(({ id }) => id),
    batch,
    predict: async (images, count, callOptions) => {
      const padded =
        networkPixels === inputPixels
          ? images
          : eachTile(images, count, model.bands, inputPixels, networkPixels, padByMirror);
      const { probabilities } = await explained(
        client.engine.predict({ sessionId, pixels: sampleBytes(padded) }, callOptions),
      );
      const floats = floatsOver(probabilities);
      return networkPixels === inputPixels
        ? floats
        : eachTile(floats, count, model.classes, networkPixels, inputPixels, cropSquare);
    },
    close: async () => {
      await client.engine.close({ sessionId }).catch(() => undefined);
    },
  };
}

/** `count` squares of one side made into squares of another, one after the other. */
function eachTile<A extends Uint8Array | Float32Array>(
  pixels: A,
  count: number,
  channels: number,
  fromSide: number,
  toSide: number,
  change: typeof padByMirror,
): A {
  const from = fromSide ** 2 * channels;
  const to = toSide ** 2 * channels;
  const result = (pixels instanceof Uint8Array
    ? new Uint8Array(count * to)
    : new Float32Array(count * to)) as unknown as A;
  for (let tile = 0; tile < count; tile++) {
    change(
      pixels.subarray(tile * from, (tile + 1) * from),
      channels,
      fromSide,
      toSide,
      result.subarray(tile * to, (tile + 1) * to),
    );
  }
  return result;
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
