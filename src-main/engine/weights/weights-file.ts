import { closeSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import { CheckpointFile } from "./checkpoint.ts";
import { openKerasFile } from "./keras-file.ts";

/** A weight in a file: its shape, and its numbers when asked for. */
export interface StoredWeight {
  readonly shape: readonly number[];
  read(): Float32Array;
}

/** The layers of a weights file with what they keep, in the order in which Keras lists a layer's weights. Close it. */
export interface WeightsFile {
  readonly layers: ReadonlyMap<string, readonly StoredWeight[]>;
  /** Where layers go by Keras' numbered class names (`conv2d_3`) because the file tells no names of their own. */
  readonly isNumbered: boolean;
  close(): void;
}

/**
 * Opens a file of Keras (`.h5` of versions 1 to 3, `.weights.h5`, `.keras`) or a checkpoint of ours, told apart by their first
 * bytes. Rejects with `not-found` or `invalid-input`, naming the file.
 */
export async function openWeightsFile(filePath: string): Promise<WeightsFile> {
  const start = firstBytes(filePath);
  if (start.subarray(0, 8).equals(Buffer.from("\x89HDF\r\n\x1a\n", "latin1"))) {
    return openKerasFile(filePath, "hdf5");
  }
  if (start.subarray(0, 4).equals(Buffer.from("PK\x03\x04", "latin1"))) {
    return openKerasFile(filePath, "archive");
  }
  try {
    return layersOfCheckpoint(new CheckpointFile(filePath));
  } catch (cause) {
    throw new RpcError(
      "invalid-input",
      `${path.basename(filePath)} holds no weights: expected Keras’ .h5, .weights.h5 or .keras, or a checkpoint of Orthomask’s.`,
      { cause },
    );
  }
}

function firstBytes(filePath: string): Buffer {
  const bytes = Buffer.alloc(8);
  let file: number;
  try {
    file = openSync(filePath, "r");
  } catch (cause) {
    throw new RpcError("not-found", `${filePath} could not be opened: ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    readSync(file, bytes, 0, 8, 0);
  } catch (cause) {
    throw new RpcError("invalid-input", `${filePath} could not be read: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    closeSync(file);
  }
  return bytes;
}

function layersOfCheckpoint(checkpoint: CheckpointFile): WeightsFile {
  const layers = new Map<string, StoredWeight[]>();
  for (const [name, shape] of checkpoint.shapes) {
    const [layer, , ...more] = name.split("/");
    if (layer === undefined || more.length > 0) {
      // What an optimizer remembers.
      continue;
    }
    const weights = layers.get(layer) ?? [];
    weights.push({ shape, read: () => checkpoint.values(name, shape) });
    layers.set(layer, weights);
  }
  return {
    layers,
    isNumbered: false,
    close: () => {
      checkpoint.close();
    },
  };
}
