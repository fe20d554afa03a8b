import { addGradients } from "../graph/gradients.ts";
import { Graph } from "../graph/graph.ts";
import type { Device, GraphNode, TensorSymbol } from "../graph/graph.ts";
import { elementCount } from "../graph/data-type.ts";
import { add, cast, divide, multiply } from "../graph/operations/arithmetic.ts";
import { packBytes, pad, reshape } from "../graph/operations/shape.ts";
import { sum } from "../graph/operations/reduction.ts";
import { afterAll, assignVariable, readVariable } from "../graph/operations/variables.ts";
import type { Variable } from "../graph/operations/variables.ts";
import { buildLoss } from "../losses/registry.ts";
import type { Layer } from "../layers/layer.ts";
import { weightsOf } from "../models/model.ts";
import type { Model } from "../models/model.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { GradientRules, InputType } from "../port.ts";
import { buildForward } from "./build-forward.ts";
import { ModelVariables } from "./model-variables.ts";
import { lossInput, pixelConfusion } from "./pixel-classes.ts";
import type { LabelRules } from "./pixel-classes.ts";
import { addAccumulation, addUpdates, isKernel, kernelPenalty } from "./weight-updates.ts";
import type { Accumulation, HeldWeight } from "./weight-updates.ts";

/** What decides a training's graph. */
export interface TrainingGraphSettings extends LabelRules {
  readonly model: Model;
  readonly batch: number;
  readonly inputType: InputType;
  readonly loss: string;
  readonly optimizer: Optimizer;
  /** Without them gradients go to the optimizer as they are. */
  readonly gradientRules?: GradientRules | undefined;
  /** False leaves dropout out, to compare with another implementation. */
  readonly dropout: boolean;
  /** False builds every layer by itself, in TensorFlow's own operations, to compare. */
  readonly fuse?: boolean;
  /** Layers that the step leaves as they are. */
  readonly frozen?: ReadonlySet<Layer>;
  readonly device: Device;
}

/** A graph that trains and evaluates a model, with the names of what goes in and comes out. */
export interface TrainingGraph {
  readonly graph: Graph;
  /** Weights by full name (`layer/weight`), then the optimizer's slots (`optimizer/slot/layer/weight`). */
  readonly variables: ModelVariables;
  readonly pixels: TensorSymbol;
  readonly labels: TensorSymbol;
  readonly learningRate: TensorSymbol;
  /** The optimizer's numbers that change with the step. */
  readonly perStep: readonly {
    readonly placeholder: TensorSymbol;
    readonly value: (step: number) => number;
  }[];
  /** int32 `[2]`: the run's seed and the step. */
  readonly dropoutSeed: TensorSymbol;
  /** float16 only: what the loss is multiplied by before gradients are taken. */
  readonly lossScale: TensorSymbol | null;
  /** Fetching `loss` carries out the whole step, or adds up its gradients where there is an accumulation. */
  readonly train: {
    readonly loss: TensorSymbol;
    readonly confusion: TensorSymbol;
    readonly accumulation: Accumulation | null;
  };
  readonly evaluate: {
    readonly loss: TensorSymbol;
    readonly validCount: TensorSymbol;
    readonly confusion: TensorSymbol;
    /** Class indices, four to an int32, filled up to a multiple of four. */
    readonly prediction: TensorSymbol;
  };
}

/** Gradients as they are. */
const plainRules: GradientRules = {
  clipping: { kind: "none" },
  l2: 0,
  accumulates: false,
  precision: "float32",
};

/** Whether gradients are summed up before they are used: over several batches, or to look at them first. */
export function accumulates(rules: GradientRules): boolean {
  return rules.accumulates || rules.precision === "float16";
}

/** Writes the graph of a training: forward, loss, gradients, update and counts in one run, and evaluation in another. */
export function buildTrainingGraph(settings: TrainingGraphSettings): TrainingGraph {
  const {
    model,
    batch,
    inputType,
    optimizer,
    gradientRules: rules = plainRules,
    frozen = new Set(),
    fuse = true,
  } = settings;
  const graph = new Graph(settings.device, fuse ? "fastest" : "plain");
  const [height, width, bands] = (model.layers[0] as (typeof model.layers)[number]).outputShape;
  const pixels = graph.placeholder("pixels", [batch, height, width, bands], inputType);
  const labels = graph.placeholder("labels", [batch, height, width], "uint8");
  const learningRate = graph.placeholder("learning_rate", [], "float32");
  const perStep = optimizer.perStep.map(({ name, value }) => ({
    placeholder: graph.placeholder(name, [], "float32"),
    value,
  }));
  const dropoutSeed = graph.placeholder("dropout_seed", [2], "int32");
  const lossScale = rules.precision === "float16" ? graph.placeholder("loss_scale", [], "float32") : null;

  const variables = new ModelVariables(graph);
  const weights = weightsOf(model).map((weight) => ({
    ...weight,
    variable: variables.declare(weight.fullName, weight.shape),
  }));
  const variableOf = new Map(weights.map(({ fullName, variable }) => [fullName, variable]));

  const learned = weights.filter(({ trainable, layer }) => trainable && !frozen.has(layer));
  const train = graph.inScope("train", () => {
    const values = new Map(
      weights.map(({ fullName, variable }) => [fullName, readVariable(graph, variable)]),
    );
    const { logits, updates } = buildForward(graph, model, {
      mode: "training",
      input: scaledPixels(graph, pixels),
      weight: (name) => valueOf(values, name),
      dropoutSeed: settings.dropout ? dropoutSeed : null,
      precision: rules.precision,
      frozen,
      fuse,
    });
    const input = lossInput(graph, logits, labels, settings);
    const loss = buildLoss(settings.loss, input);
    const { confusion } = pixelConfusion(input);

    const learnedValues = learned.map(({ fullName }) => valueOf(values, fullName));
    // float16 can't tell a small gradient from 0: the loss is enlarged before and the gradients made small again after.
    const scaled = lossScale === null ? loss : multiply(graph, loss, lossScale);
    const raw = addGradients(graph, scaled, learnedValues);
    const gradients = lossScale === null ? raw : raw.map((gradient) => divide(graph, gradient, lossScale));
    const statistics = (): GraphNode[] =>
      [...updates].map(([name, value]) => assignVariable(graph, valueOf(variableOf, name), value));
    const penalty = kernelPenalty(graph, rules.l2, kernelsOf(learned, values));
    const reported = penalty === null ? loss : add(graph, loss, penalty);
    const updateSettings = {
      optimizer,
      rules,
      learningRate,
      perStep: perStep.map(({ placeholder }) => placeholder),
    };
    if (accumulates(rules)) {
      const accumulation = addAccumulation(
        graph,
        variables,
        learned,
        gradients,
        sum(graph, input.valid),
        updateSettings,
      );
      const done = [...accumulation.added, ...statistics()];
      return { loss: afterAll(graph, reported, done, "loss_after_adding"), confusion, accumulation };
    }
    const updated = addUpdates(graph, variables, learned, learnedValues, gradients, updateSettings);
    return {
      loss: afterAll(graph, reported, [...updated, ...statistics()], "loss_after_update"),
      confusion,
      accumulation: null,
    };
  });

  const evaluate = graph.inScope("evaluate", () => {
    const values = readAll(graph, weights);
    const { logits } = buildForward(graph, model, {
      mode: "inference",
      input: scaledPixels(graph, pixels),
      weight: (name) => valueOf(values, name),
      dropoutSeed: null,
      fuse,
    });
    const input = lossInput(graph, logits, labels, settings);
    const { prediction, confusion } = pixelConfusion(input);
    const loss = buildLoss(settings.loss, input);
    const penalty = kernelPenalty(graph, rules.l2, kernelsOf(learned, values));
    return {
      loss: penalty === null ? loss : add(graph, loss, penalty),
      validCount: sum(graph, input.valid),
      confusion,
      prediction: packedIndices(graph, prediction),
    };
  });
  variables.prepare();
  return { graph, variables, pixels, labels, learningRate, perStep, dropoutSeed, lossScale, train, evaluate };
}

/** uint8 to 0–1. */
export function scaledPixels(graph: Graph, pixels: TensorSymbol): TensorSymbol {
  return pixels.dataType === "float32" ? pixels : multiply(graph, cast(graph, pixels, "float32"), 1 / 255);
}

/** One read of each weight, shared by all that use it in this part of the graph. */
export function readAll(
  graph: Graph,
  weights: readonly { readonly fullName: string; readonly variable: Variable }[],
): ReadonlyMap<string, TensorSymbol> {
  return new Map(weights.map(({ fullName, variable }) => [fullName, readVariable(graph, variable)]));
}

/** The entry of a map that is known to be there. */
export function valueOf<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) {
    throw new Error(`There is no weight ${name}.`);
  }
  return value;
}

function packedIndices(graph: Graph, prediction: TensorSymbol): TensorSymbol {
  const pixels = elementCount(prediction.shape);
  const missing = (4 - (pixels % 4)) % 4;
  const bytes = cast(graph, prediction, "uint8");
  const whole = missing === 0 ? bytes : pad(graph, bytes, [[0, missing]]);
  return packBytes(graph, reshape(graph, whole, [(pixels + missing) / 4, 4]));
}

/** The kernels among the weights that are learned, as L2 regularization takes them. */
function kernelsOf(
  weights: readonly HeldWeight[],
  values: ReadonlyMap<string, TensorSymbol>,
): TensorSymbol[] {
  return weights.filter(isKernel).map(({ fullName }) => valueOf(values, fullName));
}
