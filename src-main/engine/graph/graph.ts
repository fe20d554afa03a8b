import { attribute } from "./attributes.ts";
import type { Attributes } from "./attributes.ts";
import { elementCount } from "./data-type.ts";
import type { DataType, Shape } from "./data-type.ts";

/** A tensor that a graph will compute: one output of one of its nodes. Holds no numbers. */
export interface TensorSymbol {
  readonly node: GraphNode;
  /** Which of the node's outputs. */
  readonly index: number;
  readonly shape: Shape;
  readonly dataType: DataType;
}

/** One TensorFlow operation in a graph. */
export interface GraphNode {
  readonly name: string;
  /** The operation's name in TensorFlow, such as `Conv2D`. */
  readonly operation: string;
  readonly inputs: readonly TensorSymbol[];
  /** Nodes that must have run before this one, though it takes nothing from them. */
  readonly controls: readonly GraphNode[];
  readonly attributes: Attributes;
  readonly outputs: readonly TensorSymbol[];
}

/** What a new node has beside its operation; nothing of it by default. */
export interface NodeOptions {
  readonly inputs?: readonly TensorSymbol[];
  readonly controls?: readonly GraphNode[];
  readonly attributes?: Attributes;
  readonly outputs?: readonly { readonly shape: Shape; readonly dataType: DataType }[];
  /** Last part of the node's name; the operation's name without it. */
  readonly name?: string;
}

/** What a graph runs on. */
export type Device = "cpu" | "gpu";

/** A gradient written by hand for one symbol: it replaces the rules of all nodes between `sources` and it. */
export interface GradientOverride {
  readonly sources: readonly TensorSymbol[];
  readonly rule: (outputGradient: TensorSymbol) => readonly (TensorSymbol | null)[];
}

/**
 * A TensorFlow graph under construction. Nodes only refer to earlier ones, so the order of `nodes` is an order of execution.
 * Nothing here needs TensorFlow: see `serializeSavedModel` and `GraphSession`.
 */
export class Graph {
  readonly nodes: GraphNode[] = [];
  readonly #names = new Map<string, number>();
  readonly #overrides = new Map<TensorSymbol, GradientOverride>();
  readonly #constants = new Map<string, TensorSymbol>();
  #scope = "";

  /** `device`: what the graph will run on. `forms`: how to write an operation that can be written in several ways; the fastest differs by device. */
  constructor(
    readonly device: Device = "cpu",
    readonly forms: "fastest" | "plain" = "fastest",
  ) {}

  /** Adds a node and returns it; its outputs are `node.outputs`. */
  add(operation: string, options: NodeOptions = {}): GraphNode {
    const outputs: TensorSymbol[] = [];
    const node: GraphNode = {
      name: this.#uniqueName(options.name ?? operation),
      operation,
      inputs: options.inputs ?? [],
      controls: options.controls ?? [],
      attributes: options.attributes ?? {},
      outputs,
    };
    for (const [index, { shape, dataType }] of (options.outputs ?? []).entries()) {
      outputs.push({ node, index, shape, dataType });
    }
    this.nodes.push(node);
    return node;
  }

  /** Adds a node with one output and returns that. */
  symbol(
    operation: string,
    options: Omit<NodeOptions, "outputs"> & { readonly shape: Shape; readonly dataType: DataType },
  ): TensorSymbol {
    const { shape, dataType, ...rest } = options;
    return outputOf(this.add(operation, { ...rest, outputs: [{ shape, dataType }] }));
  }

  /** Runs `build` with `name/` before the names of the nodes it adds, so that TensorFlow's errors say which layer they are about. */
  inScope<T>(name: string, build: () => T): T {
    const outer = this.#scope;
    this.#scope = `${outer}${name}/`;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** A small constant, row-major; equal ones are written once. Big arrays belong in variables: the graph is parsed and copied. */
  constant(
    values: number | readonly number[],
    dataType: "float32" | "int32" | "uint16" = "float32",
    shape?: Shape,
  ): TensorSymbol {
    const list = typeof values === "number" ? [values] : values;
    const actualShape = shape ?? (typeof values === "number" ? [] : [list.length]);
    if (elementCount(actualShape) !== list.length) {
      throw new Error(`A constant of shape [${actualShape.join(", ")}] can't have ${list.length} values.`);
    }
    const key = `${dataType}|${actualShape.join(",")}|${list.join(",")}`;
    const known = this.#constants.get(key);
    if (known !== undefined) {
      return known;
    }
    const array =
      dataType === "float32"
        ? new Float32Array(list)
        : dataType === "int32"
          ? new Int32Array(list)
          : new Uint16Array(list);
    const symbol = this.symbol("Const", {
      shape: actualShape,
      dataType,
      attributes: {
        dtype: attribute.type(dataType),
        value: attribute.tensor({ dataType, shape: actualShape, bytes: new Uint8Array(array.buffer) }),
      },
    });
    this.#constants.set(key, symbol);
    return symbol;
  }

  /** What is fed at each run. Its name is exactly `name`. */
  placeholder(name: string, shape: Shape, dataType: DataType): TensorSymbol {
    if (this.#names.has(name)) {
      throw new Error(`There is already a node named ${name}.`);
    }
    this.#names.set(name, 1);
    const outputs: TensorSymbol[] = [];
    const node: GraphNode = {
      name,
      operation: "Placeholder",
      inputs: [],
      controls: [],
      attributes: { dtype: attribute.type(dataType), shape: attribute.shape(shape) },
      outputs,
    };
    outputs.push({ node, index: 0, shape, dataType });
    this.nodes.push(node);
    return outputOf(node);
  }

  /** Says what the gradient of `symbol` with respect to `sources` is; see `GradientOverride`. */
  overrideGradient(symbol: TensorSymbol, override: GradientOverride): void {
    this.#overrides.set(symbol, override);
  }

  gradientOverride(symbol: TensorSymbol): GradientOverride | undefined {
    return this.#overrides.get(symbol);
  }

  #uniqueName(name: string): string {
    const full = `${this.#scope}${name}`;
    const count = this.#names.get(full) ?? 0;
    this.#names.set(full, count + 1);
    return count === 0 ? full : this.#uniqueName(`${name}_${count}`);
  }
}

/** Output `index` of a node. */
export function outputOf(node: GraphNode, index = 0): TensorSymbol {
  const output = node.outputs[index];
  if (output === undefined) {
    throw new Error(`Node ${node.name} (${node.operation}) has no output ${index}.`);
  }
  return output;
}

/** Input `index` of a node. */
export function inputOf(node: GraphNode, index: number): TensorSymbol {
  const input = node.inputs[index];
  if (input === undefined) {
    throw new Error(`Node ${node.name} (${node.operation}) has no input ${index}.`);
  }
  return input;
}
