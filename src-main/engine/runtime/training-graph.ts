import { addGradients } from "../graph/gradients.ts";
import { Graph } from "../graph/graph.ts";
import type { GraphNode, TensorSymbol } from "../graph/graph.ts";
import { elementCount } from "../graph/data-type.ts";
import { cast, multiply } from "../graph/operations/arithmetic.ts";
import { packBytes, pad, reshape } from "../graph/operations/shape.ts";
import { sum } from "../graph/operations/reduction.ts";
import { afterAll, assignVariable, readVariable } from "../graph/operations/variables.ts";
import type { Variable } from "../graph/operations/variables.ts";
import { buildLoss } from "../losses/registry.ts";
import type { Layer } from "../layers/layer.ts";
import { weightsOf } from "../models/model.ts";
import type { Model } from "../models/model.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { InputType } from "../port.ts";
import { buildForward } from "./build-forward.ts";
import { ModelVariables } from "./model-variables.ts";
import { lossInput, pixelConfusion } from "./pixel-classes.ts";
import type { LabelRules } from "./pixel-classes.ts";

export interface TrainingGraphSettings extends LabelRules {
  readonly model: Model;
  readonly batch: number;
  readonly inputType: InputType;
  readonly loss: string;
  readonly optimizer: Optimizer;
  /** False leaves dropout out, to compare with another implementation. */
  readonly dropout: boolean;
  /** Layers that the step leaves as they are. */
  readonly frozen?: ReadonlySet<Layer>;
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
  /** Fetching `loss` carries out the whole step. */
  readonly train: { readonly loss: TensorSymbol; readonly confusion: TensorSymbol };
  readonly evaluate: {
    readonly loss: TensorSymbol;
    readonly validCount: TensorSymbol;
    readonly confusion: TensorSymbol;
    /** Class indices, four to an int32, filled up to a multiple of four. */
    readonly prediction: TensorSymbol;
  };
}

/** Where checkpoints keep what an optimizer remembers. */
export const OPTIMIZER_PREFIX = "optimizer/";

/** Writes the graph of a training: forward, loss, gradients, update and counts in one run, and evaluation in another. */
export function buildTrainingGraph(settings: TrainingGraphSettings): TrainingGraph {
  const { model, batch, inputType, optimizer, frozen = new Set() } = settings;
  const graph = new Graph();
  const [height, width, bands] = (model.layers[0] as (typeof model.layers)[number]).outputShape;
  const pixels = graph.placeholder("pixels", [batch, height, width, bands], inputType);
  const labels = graph.placeholder("labels", [batch, height, width], "uint8");
  const learningRate = graph.placeholder("learning_rate", [], "float32");
  const perStep = optimizer.perStep.map(({ name, value }) => ({
    placeholder: graph.placeholder(name, [], "float32"),
    value,
  }));
  const dropoutSeed = graph.placeholder("dropout_seed", [2], "int32");

  const variables = new ModelVariables(graph);
  const weights = weightsOf(model).map((weight) => ({
    ...weight,
    variable: variables.declare(weight.fullName, weight.shape),
  }));
  const variableOf = new Map(weights.map(({ fullName, variable }) => [fullName, variable]));

  const train = graph.inScope("train", () => {
    const values = new Map(
      weights.map(({ fullName, variable }) => [fullName, readVariable(graph, variable)]),
    );
    const { logits, updates } = buildForward(graph, model, {
      mode: "training",
      input: scaledPixels(graph, pixels),
      weight: (name) => valueOf(values, name),
      dropoutSeed: settings.dropout ? dropoutSeed : null,
      frozen,
    });
    const input = lossInput(graph, logits, labels, settings);
    const loss = buildLoss(settings.loss, input);
    const { confusion } = pixelConfusion(input);

    const trainable = weights.filter(({ trainable, layer }) => trainable && !frozen.has(layer));
    const gradients = addGradients(
      graph,
      loss,
      trainable.map(({ fullName }) => valueOf(values, fullName)),
    );
    const consumers = consumersOf(graph, [...values.values()]);
    const updated = graph.inScope("update", () => [
      ...trainable.map(({ fullName, variable }, index) => {
        const value = valueOf(values, fullName);
        return optimizer.update({
          graph,
          variable,
          value,
          gradient: gradients[index] as TensorSymbol,
          slots: optimizer.slots.map((slot) =>
            variables.declare(`${OPTIMIZER_PREFIX}${slot}/${fullName}`, variable.shape),
          ),
          learningRate,
          perStep: perStep.map(({ placeholder }) => placeholder),
          // In place only if nobody still holds the old value: otherwise TensorFlow copies the whole weight.
          controls: consumers.get(value) ?? [],
        });
      }),
      ...[...updates].map(([name, value]) => assignVariable(graph, valueOf(variableOf, name), value)),
    ]);
    return { loss: afterAll(graph, loss, updated, "loss_after_update"), confusion };
  });

  const evaluate = graph.inScope("evaluate", () => {
    const values = readAll(graph, weights);
    const { logits } = buildForward(graph, model, {
      mode: "inference",
      input: scaledPixels(graph, pixels),
      weight: (name) => valueOf(values, name),
      dropoutSeed: null,
    });
    const input = lossInput(graph, logits, labels, settings);
    const { prediction, confusion } = pixelConfusion(input);
    const loss = buildLoss(settings.loss, input);
    return {
      loss,
      validCount: sum(graph, input.valid),
      confusion,
      prediction: packedIndices(graph, prediction),
    };
  });
  variables.prepare();
  return { graph, variables, pixels, labels, learningRate, perStep, dropoutSeed, train, evaluate };
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

/** The nodes that take each of some symbols as input. */
function consumersOf(graph: Graph, symbols: readonly TensorSymbol[]): ReadonlyMap<TensorSymbol, GraphNode[]> {
  const consumers = new Map<TensorSymbol, GraphNode[]>(symbols.map((symbol) => [symbol, []]));
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      consumers.get(input)?.push(node);
    }
  }
  return consumers;
}
