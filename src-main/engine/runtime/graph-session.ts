import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import { elementCount } from "../graph/data-type.ts";
import type { Graph, TensorSymbol } from "../graph/graph.ts";
import { SAVED_MODEL_TAG, serializeSavedModel, tensorName } from "../graph/saved-model.ts";
import type { TensorData, TensorFlow } from "../load-tensorflow.ts";

/** What is fed in a run: a placeholder and its numbers, row-major. */
export type Feed = readonly [placeholder: TensorSymbol, data: TensorData];

/** A graph loaded into TensorFlow, with its variables' values. Owns both until `close`. */
export class GraphSession {
  readonly #tensorflow: TensorFlow;
  readonly #id: number;
  #closed = false;

  constructor(tensorflow: TensorFlow, graph: Graph) {
    this.#tensorflow = tensorflow;
    const directory = mkdtempSync(path.join(tmpdir(), "orthomask-graph-"));
    try {
      writeFileSync(path.join(directory, "saved_model.pb"), serializeSavedModel(graph));
      this.#id = asRpcError(() => tensorflow.loadGraph(directory, SAVED_MODEL_TAG));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /**
   * Runs what `fetches` need, in one call, and returns their numbers in that order. The first run of each set of feeds and
   * fetches takes longer: TensorFlow then optimizes the graph for it. Throws `out-of-memory` when that is what happened.
   */
  run(feeds: readonly Feed[], fetches: readonly TensorSymbol[]): TensorData[] {
    if (this.#closed) {
      throw new Error("This session is closed.");
    }
    const named = feeds.map(([{ node, shape, dataType }, data]) => {
      if (data.length !== elementCount(shape)) {
        throw new RpcError(
          "invalid-input",
          `${node.name} takes ${elementCount(shape)} numbers, not ${data.length}.`,
        );
      }
      return { name: `${node.name}:0`, shape, dataType, data };
    });
    return asRpcError(() => this.#tensorflow.runGraph(this.#id, named, fetches.map(tensorName)));
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#tensorflow.freeGraph(this.#id);
    }
  }
}

/** TensorFlow tells of exhausted memory in its message only. */
function asRpcError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/OOM when allocating|RESOURCE_EXHAUSTED|out of memory|bad_alloc/i.test(message)) {
      throw new RpcError("out-of-memory", `TensorFlow ran out of memory: ${firstLine(message)}`, {
        cause: error,
      });
    }
    throw new RpcError("internal", `TensorFlow: ${firstLine(message)}`, { cause: error });
  }
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? message;
}
