import { readFileSync } from "node:fs";

/** What the compiled module offers (assembly/index.ts). */
interface Exports {
  readonly memory: WebAssembly.Memory;
  dataStart(): number;
  inflate(inputAt: number, inputLength: number, outputAt: number, outputLength: number): number;
  decodeLzw(inputAt: number, inputLength: number, outputAt: number, outputLength: number): number;
  undoDifferences(at: number, rowBytes: number, rows: number, bands: number): void;
}

/** How a block is packed. */
export interface PackedBytes {
  readonly codec: "deflate" | "lzw";
  /** Bands whose bytes are stored as differences from the pixel to the left, null when they aren't. */
  readonly differencedBands: 1 | 3 | 4 | null;
  readonly rowBytes: number;
}

/** Behind the input and the output, for decoders that read and write whole words. */
const roomBytes = 512;
const pageBytes = 65536;
/** A Deflate stream that holds more than the block. */
const holdsMore = -4;
const failures = new Map([
  [-1, "the compressed data is cut short"],
  [-2, "the compressed data is damaged"],
  [-3, "the compressed data is damaged: its checksum is wrong"],
]);

/** Decoders of our own in WebAssembly, faster than zlib and than LZW in JavaScript; one block at a time. */
export class WasmDecoders {
  readonly #exports: Exports;
  readonly #start: number;
  #bytes: Uint8Array<ArrayBuffer>;

  constructor(exports: Exports) {
    this.#exports = exports;
    this.#start = exports.dataStart();
    this.#bytes = new Uint8Array(exports.memory.buffer);
  }

  /**
   * Decodes one block into `output`, which it must fill.
   *
   * @returns false when the stream holds more than the output, so that its checksum says nothing: zlib may have it
   * @throws Error that says what is wrong with the data
   */
  decode(input: Uint8Array, output: Uint8Array, { codec, differencedBands, rowBytes }: PackedBytes): boolean {
    const { length } = output;
    const inputAt = (this.#start + length + roomBytes + 15) & ~15;
    this.#reserve(inputAt + input.length + roomBytes);
    this.#bytes.set(input, inputAt);
    this.#bytes.fill(0, inputAt + input.length, inputAt + input.length + 64);
    const written =
      codec === "deflate"
        ? this.#exports.inflate(inputAt, input.length, this.#start, length)
        : this.#exports.decodeLzw(inputAt, input.length, this.#start, length);
    if (written === holdsMore) {
      return false;
    }
    if (written < length) {
      throw new Error(
        failures.get(written) ?? `expected ${length} bytes after decompression, found ${written}`,
      );
    }
    if (differencedBands !== null) {
      this.#exports.undoDifferences(this.#start, rowBytes, length / rowBytes, differencedBands);
    }
    output.set(this.#bytes.subarray(this.#start, this.#start + length));
    return true;
  }

  #reserve(bytes: number): void {
    const missing = bytes - this.#bytes.length;
    if (missing > 0) {
      this.#exports.memory.grow(Math.ceil(missing / pageBytes));
      this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    }
  }
}

/** Compiles the decoders that the build put at the given place; null where they are missing, since zlib does the same more slowly. */
export function compileWasmDecoders(wasmPath: string): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(readFileSync(wasmPath));
  } catch {
    return null;
  }
}

/** Starts compiled decoders. Threads share one module, so that what one has made fast is fast in all. */
export function startWasmDecoders(module: WebAssembly.Module): WasmDecoders {
  const { exports } = new WebAssembly.Instance(module, {
    env: {
      abort: () => {
        throw new Error("the decoder gave up");
      },
    },
  });
  return new WasmDecoders(exports as Exports);
}
