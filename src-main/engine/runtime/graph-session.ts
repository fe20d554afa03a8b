import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Graph, TensorSymbol } from "../graph/graph.ts";
import { SAVED_MODEL_TAG, serializeSavedModel, tensorName } from "../graph/saved-model.ts";
import type { TensorData, TensorFlow } from "../load-tensorflow.ts";
import { asRpcError, checkFeed } from "./session.ts";
import type { Feed, Session } from "./session.ts";

/** A graph loaded into TensorFlow, with its variables' values. Owns both until `close`. */
export class GraphSession implements Session {
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
    const named = feeds.map((feed) => {
      checkFeed(feed);
      const [{ node, shape, dataType }, data] = feed;
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
