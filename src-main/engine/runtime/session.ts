import { RpcError } from "#shared/rpc/errors.ts";
import { elementCount } from "../graph/data-type.ts";
import type { TensorSymbol } from "../graph/graph.ts";
import type { TensorData } from "../load-tensorflow.ts";

/** What is fed in a run: a placeholder and its numbers, row-major. */
export type Feed = readonly [placeholder: TensorSymbol, data: TensorData];

/** Something that runs a graph and keeps its variables from one run to the next. */
export interface Session {
  /** Runs what `fetches` need and returns their numbers in that order. Throws `out-of-memory` when that is what happened. */
  run(feeds: readonly Feed[], fetches: readonly TensorSymbol[]): TensorData[];
  close(): void;
}

/** Throws `invalid-input` when a placeholder is fed another number of numbers than it takes. */
export function checkFeed([{ node, shape }, data]: Feed): void {
  if (data.length !== elementCount(shape)) {
    throw new RpcError(
      "invalid-input",
      `${node.name} takes ${elementCount(shape)} numbers, not ${data.length}.`,
    );
  }
}

/**
 * How exhausted memory is told, in messages only: by TensorFlow, by the C++ library, by oneDNN (whose status 1 is `dnnl_out_of_memory`, whatever could not be created)
 * and by V8.
 */
const EXHAUSTED =
  /OOM when allocating|RESOURCE_EXHAUSTED|out of memory|bad_alloc|received an exception:\s*Status: 1,|Array buffer allocation failed/i;

/** Does `work` and turns TensorFlow's errors into ours. */
export function asRpcError<T>(work: () => T, nodeName?: string): T {
  try {
    return work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (EXHAUSTED.test(message)) {
      throw new RpcError("out-of-memory", `TensorFlow ran out of memory: ${firstLine(message)}`, {
        cause: error,
      });
    }
    throw new RpcError(
      "internal",
      `TensorFlow${nodeName === undefined ? "" : ` at ${nodeName}`}: ${firstLine(message)}`,
      { cause: error },
    );
  }
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? message;
}
