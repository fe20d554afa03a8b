import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { RpcError } from "#shared/rpc/errors.ts";
import { elementCount } from "../graph/data-type.ts";

/**
 * Checkpoints are safetensors files (https://huggingface.co/docs/safetensors): the header's length as a little-endian 64-bit
 * number, a JSON header, then all numbers as little-endian float32 in the header's order. So other programs can read them.
 */
const FORMAT = "orthomask-checkpoint";
const VERSION = "1";

/** Far above any header of ours, far below what would exhaust memory. */
const LARGEST_HEADER_BYTES = 16 << 20;

const entrySchema = z.object({
  dtype: z.literal("F32"),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

const metadataSchema = z
  .object({ format: z.literal(FORMAT), version: z.literal(VERSION) })
  .catchall(z.string());

/** The names and shapes of what a checkpoint holds, in order. */
export type CheckpointShapes = ReadonlyMap<string, readonly number[]>;

/** Writes a checkpoint under another name and renames it when it is whole. `values` come in the order of `shapes`. */
export function writeCheckpoint(
  filePath: string,
  shapes: CheckpointShapes,
  metadata: Readonly<Record<string, string>>,
  values: Iterable<readonly [name: string, values: Float32Array]>,
): void {
  const header: Record<string, unknown> = { __metadata__: { ...metadata, format: FORMAT, version: VERSION } };
  let offset = 0;
  for (const [name, shape] of shapes) {
    const end = offset + elementCount(shape) * 4;
    header[name] = { dtype: "F32", shape, data_offsets: [offset, end] };
    offset = end;
  }
  // Padded so that the numbers begin at a multiple of 8 bytes.
  const json = JSON.stringify(header);
  const headerBytes = Buffer.from(json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerBytes.length));

  const temporaryPath = path.join(path.dirname(filePath), `.${path.basename(filePath)}.${process.pid}.part`);
  try {
    const file = openSync(temporaryPath, "w");
    try {
      writeWhole(file, length);
      writeWhole(file, headerBytes);
      for (const [, numbers] of values) {
        writeWhole(file, Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength));
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporaryPath, filePath);
  } catch (cause) {
    rmSync(temporaryPath, { force: true });
    throw new RpcError("internal", `The checkpoint ${filePath} could not be written: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** An open checkpoint; close it. */
export class CheckpointFile {
  readonly shapes: CheckpointShapes;
  /** What was written beside the numbers. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly #filePath: string;
  readonly #file: number;
  readonly #offsets: ReadonlyMap<string, readonly [number, number]>;

  /** Throws `not-found` without such a file and `invalid-input` when it isn't a checkpoint. */
  constructor(filePath: string) {
    this.#filePath = filePath;
    try {
      this.#file = openSync(filePath, "r");
    } catch (cause) {
      throw new RpcError("not-found", `The checkpoint ${filePath} could not be opened: ${reasonOf(cause)}`, {
        cause,
      });
    }
    try {
      const length = Number(this.#read(0, 8).readBigUInt64LE());
      if (length > LARGEST_HEADER_BYTES) {
        throw new Error(`a header of ${length} bytes`);
      }
      const header = z.record(z.string(), z.unknown()).parse(JSON.parse(this.#read(8, length).toString()));
      this.metadata = metadataSchema.parse(header["__metadata__"]);
      const entries = Object.entries(header)
        .filter(([name]) => name !== "__metadata__")
        .map(([name, entry]) => [name, entrySchema.parse(entry)] as const);
      this.shapes = new Map(entries.map(([name, { shape }]) => [name, shape]));
      const start = 8 + length;
      this.#offsets = new Map(
        entries.map(
          ([
            name,
            {
              data_offsets: [from, to],
            },
          ]) => [name, [start + from, start + to]],
        ),
      );
    } catch (cause) {
      closeSync(this.#file);
      throw new RpcError(
        "invalid-input",
        `${filePath} is not a checkpoint of Orthomask's: ${reasonOf(cause)}`,
        { cause },
      );
    }
  }

  /** The numbers of one entry. Throws `not-found` when there is none and `invalid-input` when the shape is another. */
  values(name: string, shape: readonly number[]): Float32Array {
    const found = this.shapes.get(name);
    const offsets = this.#offsets.get(name);
    if (found === undefined || offsets === undefined) {
      throw new RpcError(
        "invalid-input",
        `${this.#filePath} has no weights for ${layerOf(name)}: it is of another network.`,
      );
    }
    const [from, to] = offsets;
    if (found.join() !== shape.join() || to - from !== elementCount(shape) * 4) {
      throw new RpcError(
        "invalid-input",
        `${this.#filePath}: ${layerOf(name)} expects [${shape.join(", ")}], found [${found.join(", ")}].`,
      );
    }
    const bytes = this.#read(from, to - from);
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(position: number, length: number): Buffer<ArrayBuffer> {
    // Its own buffer, never a slice of Node's shared pool: numbers must be aligned.
    const bytes = Buffer.from(new ArrayBuffer(length));
    let done = 0;
    while (done < length) {
      const count = readSync(this.#file, bytes, done, Math.min(length - done, 1 << 30), position + done);
      if (count === 0) {
        throw new RpcError(
          "invalid-input",
          `${this.#filePath} ends after ${position + done} bytes; more were expected.`,
        );
      }
      done += count;
    }
    return bytes;
  }
}

function writeWhole(file: number, bytes: Buffer): void {
  let done = 0;
  while (done < bytes.length) {
    done += writeSync(file, bytes, done, Math.min(bytes.length - done, 1 << 30));
  }
}

/** `conv2d/kernel` as people read it. */
function layerOf(name: string): string {
  const parts = name.split("/");
  return `layer "${parts.at(-2) ?? name}" (${parts.at(-1) ?? ""})`;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
