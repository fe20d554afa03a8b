import type { TensorFlow } from "./load-tensorflow.ts";
import { modelOf } from "./models/describe.ts";
import type { InputType, ModelSettings } from "./port.ts";
import { asBytes, asFloats, fillBatch } from "./runtime/batch-tiles.ts";
import { estimatePredictionBytes } from "./runtime/estimate-memory.ts";
import { foldNormalizations } from "./runtime/fold-normalizations.ts";
import { GraphSession } from "./runtime/graph-session.ts";
import { buildPredictionGraph } from "./runtime/prediction-graph.ts";
import type { PredictionGraph } from "./runtime/prediction-graph.ts";
import { CheckpointFile } from "./weights/checkpoint.ts";

/** Which network predicts, how many tiles at once. */
export interface PredictionRequest {
  readonly model: ModelSettings;
  readonly batch: number;
  readonly inputType: InputType;
  /** The checkpoint file with the weights. */
  readonly weights: string;
}

/** A trained network in use. Owns its graph and weights until `close`. */
export class PredictionSession {
  readonly estimatedBytes: number;
  readonly #request: PredictionRequest;
  readonly #graph: PredictionGraph;
  readonly #session: GraphSession;

  constructor(tensorflow: TensorFlow, request: PredictionRequest) {
    const { model: settings, batch, inputType, weights } = request;
    const model = modelOf(settings);
    this.#request = request;
    this.estimatedBytes = estimatePredictionBytes(model, batch);
    const checkpoint = new CheckpointFile(weights);
    try {
      const folded = foldNormalizations(model, (name, shape) => checkpoint.values(name, shape));
      this.#graph = buildPredictionGraph(folded.model, { batch, inputType, device: tensorflow.device });
      this.#session = new GraphSession(tensorflow, this.#graph.graph);
      try {
        this.#graph.variables.load(this.#session, folded.values);
      } catch (error) {
        this.#session.close();
        throw error;
      }
    } finally {
      checkpoint.close();
    }
  }

  /** Class probabilities of up to `batch` tiles; see the contract's `predict`. */
  predict(pixels: Uint8Array): { probabilities: Uint8Array<ArrayBuffer>; milliseconds: number } {
    const started = performance.now();
    const { model, batch, inputType } = this.#request;
    const tilePixels = model.tileHeight * model.tileWidth;
    const tileBytes = tilePixels * model.bands * (inputType === "uint8" ? 1 : 4);
    const { bytes, tiles } = fillBatch(pixels, tileBytes, batch);
    const [result] = this.#session.run(
      [[this.#graph.pixels, inputType === "uint8" ? bytes : asFloats(bytes)]],
      [this.#graph.probabilities],
    );
    const probabilities = asBytes(result as Float32Array).subarray(0, tiles * tilePixels * model.classes * 4);
    return { probabilities, milliseconds: performance.now() - started };
  }

  close(): void {
    this.#session.close();
  }
}
