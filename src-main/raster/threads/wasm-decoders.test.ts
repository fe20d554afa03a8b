import { deflateSync, constants } from "node:zlib";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compileWasmDecoders, startWasmDecoders, type WasmDecoders } from "./wasm-decoders.ts";

// Built by the tests' global set-up (scripts/build/raster-threads.mjs).
const program = compileWasmDecoders(join(import.meta.dirname, "../../../out/raster-threads/decoders.wasm"));

function decoders(): WasmDecoders {
  if (program === null) {
    throw new Error("the decoders have not been built");
  }
  return startWasmDecoders(program);
}

/** Park and Miller's generator: the same numbers every time. */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

/** Bytes of many kinds: noise, few values, long repeats, gradients. */
function sample(kind: number, length: number, seed: number): Uint8Array {
  const next = numbers(seed);
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) {
    switch (kind) {
      case 0:
        bytes[index] = next(256);
        break;
      case 1:
        bytes[index] = next(5);
        break;
      case 2:
        bytes[index] = index < 40 ? next(256) : (bytes[index - 1 - next(2) * (next(30) === 0 ? 38 : 0)] ?? 0);
        break;
      default:
        bytes[index] = Math.floor(index / 7) + (next(9) === 0 ? next(40) : 0);
    }
  }
  return bytes;
}

const packed = { codec: "deflate", differencedBands: null, rowBytes: 1 } as const;

describe("inflate, held against zlib", () => {
  const strategies = [
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FIXED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
  ];
  test.each([0, 1, 2, 3])("data of kind %i at every level and strategy", (kind) => {
    const decoder = decoders();
    let round = 0;
    for (const length of [1, 2, 7, 258, 5_552, 5_553, 70_001, 300_000]) {
      for (const strategy of strategies) {
        const level = round % 10;
        round += 1;
        const bytes = sample(kind, length, 7 + round);
        const output = new Uint8Array(length);
        decoder.decode(deflateSync(bytes, { level, strategy }), output, packed);
        expect(Buffer.compare(output, bytes), `${length} bytes, level ${level}, ${strategy}`).toBe(0);
      }
    }
  });

  test("a stream that holds more than the block is left to zlib", () => {
    const stream = deflateSync(sample(3, 10_000, 3));
    expect(decoders().decode(stream, new Uint8Array(6_001), packed)).toBe(false);
    expect(decoders().decode(stream, new Uint8Array(10_000), packed)).toBe(true);
  });

  test("every cut and every changed bit is noticed, none hurts", () => {
    const decoder = decoders();
    const next = numbers(11);
    const bytes = sample(3, 20_000, 5);
    const stream = deflateSync(bytes);
    for (let length = 0; length < stream.length; length += 13) {
      expect(() => {
        decoder.decode(stream.subarray(0, length), new Uint8Array(20_000), packed);
      }).toThrow(/compressed data|expected/);
    }
    for (let round = 0; round < 2_000; round += 1) {
      const changed = new Uint8Array(stream);
      const at = next(changed.length);
      changed[at] = (changed[at] as number) ^ (1 << next(8));
      const output = new Uint8Array(20_000);
      let taken = false;
      try {
        taken = decoder.decode(changed, output, packed);
      } catch (error) {
        expect(String(error)).toMatch(/compressed data|expected/);
      }
      // A bit of the filling before the checksum means nothing.
      expect(!taken || Buffer.compare(output, bytes) === 0).toBe(true);
    }
    const output = new Uint8Array(20_000);
    decoder.decode(stream, output, packed);
    expect(Buffer.compare(output, bytes)).toBe(0);
  });
});

describe("differences", () => {
  test.each([1, 3, 4] as const)("of %i bands are summed up as byte by byte", (bands) => {
    const decoder = decoders();
    for (let width = 1; width < 60; width += 1) {
      const rowBytes = width * bands;
      const bytes = sample(0, rowBytes * 5, width);
      const stored = bytes.map((value, index) =>
        index % rowBytes < bands ? value : value - (bytes[index - bands] as number),
      );
      const output = new Uint8Array(bytes.length);
      decoder.decode(deflateSync(stored), output, { codec: "deflate", differencedBands: bands, rowBytes });
      expect(Buffer.compare(output, bytes), `width ${width}`).toBe(0);
    }
  });
});
