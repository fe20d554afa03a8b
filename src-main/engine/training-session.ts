import { z } from "zod";
import { RpcError } from "#shared/rpc/errors.ts";
import type { TensorFlow } from "./load-tensorflow.ts";
import { modelOf, parameterCounts } from "./models/describe.ts";
import type { Model } from "./models/model.ts";
import { weightsOf } from "./models/model.ts";
import { LossScale } from "./optimizers/loss-scale.ts";
import { optimizerOf } from "./optimizers/registry.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { TrainingRequest } from "./port.ts";
import { asBytes, asFloats, checkLabels, fillBatch, fillLabels } from "./runtime/batch-tiles.ts";
import { estimateBytes } from "./runtime/estimate-memory.ts";
import { EagerSession } from "./runtime/eager-session.ts";
import { GraphSession } from "./runtime/graph-session.ts";
import type { Feed, Session } from "./runtime/session.ts";
import { accumulates, buildTrainingGraph } from "./runtime/training-graph.ts";
import type { TrainingGraph } from "./runtime/training-graph.ts";
import { ACCUMULATOR_PREFIX, OPTIMIZER_PREFIX } from "./runtime/weight-updates.ts";
import type { Accumulation } from "./runtime/weight-updates.ts";
import { CheckpointFile, writeCheckpoint } from "./weights/checkpoint.ts";
import { initialValues } from "./weights/initializers.ts";

/** What one step tells of its batch. */
export interface StepResult {
  readonly loss: number;
  /** Row-major, truth by prediction. */
  readonly confusion: number[];
  readonly milliseconds: number;
}

/** What measuring a batch tells. */
export interface EvaluationResult extends StepResult {
  readonly validPixels: number;
  readonly prediction: Uint8Array<ArrayBuffer> | null;
}

/** How a session differs from one that the app starts: for tests, benchmarks and first weights. */
export interface TrainingSessionOptions {
  /** False leaves dropout out, to compare with another implementation. */
  readonly dropout?: boolean;
  /** True builds every layer by itself and runs operation by operation: the slow reference for what is fused and compiled. */
  readonly eager?: boolean;
  /** A network of one's own instead of the request's architecture; its input and classes must fit the request. */
  readonly model?: Model;
  /** First weights by full name, instead of drawn ones; undefined for one that is drawn. */
  readonly initialWeights?: (fullName: string, shape: readonly number[]) => Float32Array | undefined;
}

const lossScaleSchema = z.strictObject({ scale: z.number().min(1), soundSteps: z.int().min(0) });

/** Under which name a checkpoint's metadata has the loss scale. */
const LOSS_SCALE_KEY = "lossScale";

/** A network in training: its graph, weights and optimizer state, all inside TensorFlow. Owns them until `close`. */
export class TrainingSession {
  readonly parameters: number;
  readonly trainableParameters: number;
  readonly estimatedBytes: number;
  readonly #request: TrainingRequest;
  readonly #model: Model;
  readonly #optimizer: Optimizer;
  readonly #graph: TrainingGraph;
  readonly #session: Session;
  readonly #tilePixels: number;
  readonly #lossScale: LossScale;
  /** float16 only: whether a gradient since the last update wasn't finite. */
  #overflowed = false;

  constructor(tensorflow: TensorFlow, request: TrainingRequest, options: TrainingSessionOptions = {}) {
    const { model: settings, batch, optimizer, inputType } = request;
    const { eager = false } = options;
    this.#request = request;
    this.#model = options.model ?? modelOf(settings);
    this.#optimizer = optimizerOf(optimizer);
    this.#tilePixels = settings.tileHeight * settings.tileWidth;
    const frozen = request.freezeEncoder === true ? this.#model.encoder : new Set<never>();
    ({ parameters: this.parameters, trainableParameters: this.trainableParameters } = parameterCounts(
      this.#model,
      frozen,
    ));
    this.estimatedBytes = estimateBytes(this.#model, {
      batch,
      slots: this.#optimizer.slots.length,
      accumulates: request.gradientRules !== undefined && accumulates(request.gradientRules),
      frozen,
      precision: request.gradientRules?.precision ?? "float32",
    });
    this.#graph = buildTrainingGraph({
      model: this.#model,
      batch,
      inputType,
      loss: request.loss,
      optimizer: this.#optimizer,
      gradientRules: request.gradientRules,
      classes: settings.classes,
      classWeights: request.classWeights,
      ignoredClasses: request.ignoredClasses,
      dropout: options.dropout ?? true,
      fuse: !eager,
      frozen,
      device: tensorflow.device,
    });
    const checkpoint = request.checkpoint === null ? null : new CheckpointFile(request.checkpoint);
    this.#lossScale = savedLossScale(checkpoint);
    try {
      this.#session = new (eager ? EagerSession : GraphSession)(tensorflow, this.#graph.graph);
      try {
        this.#graph.variables.load(this.#session, this.#firstValues(checkpoint, options));
      } catch (error) {
        this.#session.close();
        throw error;
      }
    } finally {
      checkpoint?.close();
    }
  }

  /** One step of the optimizer on up to `batch` tiles; see the contract's `trainStep`. */
  trainStep(input: {
    pixels: Uint8Array;
    labels: Uint8Array;
    learningRate: number;
    step: number;
    update?: number | null | undefined;
  }): StepResult {
    const started = performance.now();
    const { train, dropoutSeed, lossScale } = this.#graph;
    const { accumulation } = train;
    const update = input.update === undefined ? input.step : input.update;
    if (update === null && accumulation === null) {
      throw new RpcError("invalid-input", "This training doesn't add up gradients: each step is an update.");
    }
    const checksOverflow = accumulation !== null && lossScale !== null;
    const updateFeeds = update === null ? [] : this.#updateFeeds(input.learningRate, update);
    const results = this.#session.run(
      [
        ...this.#batchFeeds(input),
        [dropoutSeed, Int32Array.of(this.#request.seed, input.step)],
        ...(lossScale === null ? [] : [[lossScale, Float32Array.of(this.#lossScale.scale)] as const]),
        ...(accumulation === null ? updateFeeds : []),
      ],
      [train.loss, train.confusion, ...(checksOverflow ? [accumulation.norm] : [])],
    );
    if (accumulation !== null) {
      this.#overflowed ||= checksOverflow && !Number.isFinite(Number(results[2]?.[0]));
      if (update !== null) {
        this.#finishUpdate(accumulation, updateFeeds);
      }
    }
    return {
      loss: Number(results[0]?.[0]),
      confusion: [...(results[1] as Int32Array)],
      milliseconds: performance.now() - started,
    };
  }

  /** Uses the sums of gradients up; where float16 has overflowed the update is left out and the next steps are scaled less. */
  #finishUpdate({ apply, discard }: Accumulation, feeds: readonly Feed[]): void {
    const isLeftOut = this.#overflowed;
    this.#session.run(isLeftOut ? [] : feeds, [isLeftOut ? discard : apply]);
    this.#lossScale.note(isLeftOut ? "overflow" : "sound");
    this.#overflowed = false;
  }

  #updateFeeds(rate: number, update: number): Feed[] {
    const { learningRate, perStep } = this.#graph;
    return [
      [learningRate, Float32Array.of(rate)],
      ...perStep.map(({ placeholder, value }): Feed => [placeholder, Float32Array.of(value(update))]),
    ];
  }

  /** Loss, counts and predictions without changing anything; see the contract's `evaluateStep`. */
  evaluateStep(input: {
    pixels: Uint8Array;
    labels: Uint8Array;
    returnPrediction: boolean;
  }): EvaluationResult {
    const started = performance.now();
    const { evaluate } = this.#graph;
    const fetches = [evaluate.loss, evaluate.validCount, evaluate.confusion];
    const results = this.#session.run(
      this.#batchFeeds(input),
      input.returnPrediction ? [...fetches, evaluate.prediction] : fetches,
    );
    return {
      loss: Number(results[0]?.[0]),
      validPixels: Number(results[1]?.[0]),
      confusion: [...(results[2] as Int32Array)],
      prediction: input.returnPrediction
        ? asBytes(results[3] as Int32Array).slice(0, input.labels.length)
        : null,
      milliseconds: performance.now() - started,
    };
  }

  /** Writes the weights, and what the optimizer remembers if wanted. */
  saveCheckpoint(filePath: string, includeOptimizer: boolean): void {
    const wanted = (name: string): boolean =>
      !name.startsWith(ACCUMULATOR_PREFIX) && (includeOptimizer || !name.startsWith(OPTIMIZER_PREFIX));
    const shapes = new Map([...this.#graph.variables.shapes].filter(([name]) => wanted(name)));
    const { architecture, width, bands, classes } = this.#request.model;
    const metadata = {
      architecture,
      width: String(width ?? ""),
      bands: String(bands),
      classes: String(classes),
      optimizer: includeOptimizer ? this.#optimizer.id : "",
      ...(includeOptimizer && this.#graph.lossScale !== null
        ? { [LOSS_SCALE_KEY]: JSON.stringify(this.#lossScale.state) }
        : {}),
    };
    writeCheckpoint(filePath, shapes, metadata, this.#graph.variables.read(this.#session, wanted));
  }

  /** The current value of every weight, by full name. */
  *weights(): Generator<[fullName: string, values: Float32Array]> {
    yield* this.#graph.variables.read(
      this.#session,
      (name) => !name.startsWith(OPTIMIZER_PREFIX) && !name.startsWith(ACCUMULATOR_PREFIX),
    );
  }

  close(): void {
    this.#session.close();
  }

  #batchFeeds({ pixels, labels }: { pixels: Uint8Array; labels: Uint8Array }): Feed[] {
    const { batch, inputType, model, ignoredClasses } = this.#request;
    checkLabels(labels, model.classes, ignoredClasses);
    const bytesPerNumber = inputType === "uint8" ? 1 : 4;
    const filled = fillBatch(pixels, this.#tilePixels * model.bands * bytesPerNumber, batch);
    const { bytes: checkedLabels, tiles } = fillBatch(labels, this.#tilePixels, batch);
    if (tiles !== filled.tiles) {
      throw new RpcError("invalid-input", `${filled.tiles} tiles came with labels for ${tiles}.`);
    }
    return [
      [this.#graph.pixels, inputType === "uint8" ? filled.bytes : asFloats(filled.bytes)],
      [this.#graph.labels, tiles === batch ? checkedLabels : fillLabels(labels, this.#tilePixels, batch)],
    ];
  }

  /** Where each variable's first numbers come from: the checkpoint, else the caller, else the seed. */
  #firstValues(
    checkpoint: CheckpointFile | null,
    options: TrainingSessionOptions,
  ): (name: string, shape: readonly number[]) => Float32Array {
    const initializers = new Map(
      weightsOf(this.#model).map(({ fullName, initializer }) => [fullName, initializer]),
    );
    const hasOptimizer = [...(checkpoint?.shapes.keys() ?? [])].some((name) =>
      name.startsWith(OPTIMIZER_PREFIX),
    );
    return (name: string, shape: readonly number[]): Float32Array => {
      const ofOptimizer = name.startsWith(OPTIMIZER_PREFIX);
      if (name.startsWith(ACCUMULATOR_PREFIX)) {
        return initialValues("zeros", shape, 0, name);
      }
      if (checkpoint !== null && (!ofOptimizer || hasOptimizer)) {
        return checkpoint.values(name, shape);
      }
      if (ofOptimizer) {
        return initialValues("zeros", shape, 0, name);
      }
      return (
        options.initialWeights?.(name, shape) ??
        initialValues(initializers.get(name) ?? "zeros", shape, this.#request.seed, name)
      );
    };
  }
}

function savedLossScale(checkpoint: CheckpointFile | null): LossScale {
  const saved = checkpoint?.metadata[LOSS_SCALE_KEY];
  const parsed = typeof saved !== "string" ? null : lossScaleSchema.safeParse(JSON.parse(saved));
  return parsed?.success === true ? new LossScale(parsed.data) : new LossScale();
}
