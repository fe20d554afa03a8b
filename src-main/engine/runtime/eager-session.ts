import type { ConstantValue } from "../graph/attributes.ts";
import { attribute } from "../graph/attributes.ts";
import type { Graph, GraphNode, TensorSymbol } from "../graph/graph.ts";
import type { TensorData, TensorFlow, TensorId } from "../load-tensorflow.ts";
import { asRpcError, checkFeed } from "./session.ts";
import type { Feed, Session } from "./session.ts";

/** Variables of all sessions live in one place of TensorFlow's; the number tells theirs apart. */
let sessions = 0;

/**
 * Runs a graph's operations one by one, as eager TensorFlow does, with its variables' values. Nothing optimizes the graph, so
 * it is the reference for what TensorFlow makes of it in `GraphSession`: slower, and the operation that fails is named.
 */
export class EagerSession implements Session {
  readonly #tensorflow: TensorFlow;
  readonly #graph: Graph;
  readonly #number: number;
  readonly #handles = new Map<GraphNode, TensorId>();
  #closed = false;

  constructor(tensorflow: TensorFlow, graph: Graph) {
    this.#tensorflow = tensorflow;
    this.#graph = graph;
    sessions += 1;
    this.#number = sessions;
  }

  run(feeds: readonly Feed[], fetches: readonly TensorSymbol[]): TensorData[] {
    if (this.#closed) {
      throw new Error("This session is closed.");
    }
    const needed = neededNodes(fetches);
    const usesLeft = countUses(needed, fetches);
    const held = new Map<TensorSymbol, TensorId>();
    try {
      for (const feed of feeds) {
        checkFeed(feed);
        const [symbol, data] = feed;
        held.set(symbol, this.#tensorflow.createTensor(symbol.shape, symbol.dataType, data));
      }
      // Nodes refer to earlier ones only, by inputs and by controls: their order is an order of execution.
      for (const node of this.#graph.nodes) {
        if (needed.has(node)) {
          this.#runNode(node, held);
          this.#release(node, held, usesLeft);
        }
      }
      return fetches.map((symbol) => this.#tensorflow.readTensor(heldOf(held, symbol)));
    } finally {
      for (const id of held.values()) {
        this.#tensorflow.deleteTensor(id);
      }
    }
  }

  close(): void {
    this.#closed = true;
    for (const handle of this.#handles.values()) {
      const destroyed = { ignore_lookup_error: attribute.boolean(true) };
      this.#tensorflow.runOperation("DestroyResourceOp", destroyed, [handle], 0);
      this.#tensorflow.deleteTensor(handle);
    }
    this.#handles.clear();
  }

  #runNode(node: GraphNode, held: Map<TensorSymbol, TensorId>): void {
    if (node.operation === "VarHandleOp") {
      this.#declare(node);
      return;
    }
    if (node.operation === "Placeholder" || node.operation === "NoOp") {
      return;
    }
    const { value } = node.attributes;
    const ids =
      node.operation === "Const" && value?.kind === "tensor"
        ? [this.#constant(value.value)]
        : this.#runOperation(
            node,
            node.inputs.map((input) => this.#handles.get(input.node) ?? heldOf(held, input)),
          );
    for (const [index, output] of node.outputs.entries()) {
      held.set(output, ids[index] as TensorId);
    }
  }

  #runOperation(node: GraphNode, inputs: readonly TensorId[]): TensorId[] {
    const { operation, attributes, outputs } = node;
    return asRpcError(
      () => this.#tensorflow.runOperation(operation, attributes, inputs, outputs.length),
      node.name,
    );
  }

  #declare(node: GraphNode): void {
    if (!this.#handles.has(node)) {
      const attributes = {
        ...node.attributes,
        shared_name: attribute.text(`eager-${this.#number}/${node.name}`),
      };
      const [handle] = this.#tensorflow.runOperation(node.operation, attributes, [], 1);
      this.#handles.set(node, handle as TensorId);
    }
  }

  /** The binding makes no uint16 tensors: those come from int32. */
  #constant({ dataType, shape, bytes }: ConstantValue): TensorId {
    const { buffer } = bytes.slice();
    if (dataType !== "uint16") {
      const data = dataType === "float32" ? new Float32Array(buffer) : new Int32Array(buffer);
      return this.#tensorflow.createTensor(shape, dataType, data);
    }
    const whole = this.#tensorflow.createTensor(shape, "int32", Int32Array.from(new Uint16Array(buffer)));
    const types = { SrcT: attribute.type("int32"), DstT: attribute.type(dataType) };
    try {
      return this.#tensorflow.runOperation("Cast", types, [whole], 1)[0] as TensorId;
    } finally {
      this.#tensorflow.deleteTensor(whole);
    }
  }

  /** Lets go of what no later node takes. */
  #release(node: GraphNode, held: Map<TensorSymbol, TensorId>, usesLeft: Map<TensorSymbol, number>): void {
    for (const input of node.inputs) {
      usesLeft.set(input, (usesLeft.get(input) ?? 0) - 1);
    }
    for (const symbol of [...node.inputs, ...node.outputs]) {
      const id = held.get(symbol);
      if (id !== undefined && (usesLeft.get(symbol) ?? 0) <= 0) {
        held.delete(symbol);
        this.#tensorflow.deleteTensor(id);
      }
    }
  }
}

/** The nodes that the fetched tensors need, by inputs and by controls. */
function neededNodes(fetches: readonly TensorSymbol[]): ReadonlySet<GraphNode> {
  const needed = new Set<GraphNode>();
  const waiting = fetches.map(({ node }) => node);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!needed.has(node)) {
      needed.add(node);
      waiting.push(...node.controls, ...node.inputs.map((input) => input.node));
    }
  }
  return needed;
}

function countUses(
  needed: ReadonlySet<GraphNode>,
  fetches: readonly TensorSymbol[],
): Map<TensorSymbol, number> {
  const uses = new Map<TensorSymbol, number>();
  for (const symbol of [...fetches, ...[...needed].flatMap(({ inputs }) => inputs)]) {
    uses.set(symbol, (uses.get(symbol) ?? 0) + 1);
  }
  return uses;
}

function heldOf(held: ReadonlyMap<TensorSymbol, TensorId>, symbol: TensorSymbol): TensorId {
  const id = held.get(symbol);
  if (id === undefined) {
    throw new Error(`${symbol.node.name} was neither fed nor run.`);
  }
  return id;
}
