import { describe, expect, test } from "vitest";
import { Encoder } from "@msgpack/msgpack";
import { values } from "../../../fixtures/rpc/transport-cases.ts";
import { checkFrame } from "./check-frame.ts";
import { packValue, unpackValue } from "./packed-values.ts";

describe("a frame is taken", () => {
  test.each(Object.entries(values))("of %s", (_, value) => {
    const frame = packValue(value);
    checkFrame(frame);
    // One byte more or less is no whole value any longer.
    expect(() => {
      checkFrame(frame.subarray(0, frame.length - 1));
    }).toThrow();
    expect(() => {
      checkFrame(new Uint8Array([...frame, 0xc0]));
    }).toThrow(RangeError);
  });

  test("of every length that MessagePack writes in its own way, as another encoder writes it", () => {
    for (const length of [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
      for (const value of [
        "x".repeat(length),
        new Uint8Array(length),
        new Array<number>(length).fill(-1),
        Object.fromEntries(Array.from({ length }, (_, index) => [`k${index}`, index * 70_000])),
        length,
        -length,
        length + 0.5,
      ]) {
        checkFrame(new Encoder().encode(value));
      }
    }
  });
});

describe("a frame is refused, before any room is made, that", () => {
  const nested = (header: readonly number[], times: number): Uint8Array<ArrayBuffer> => {
    const frame = new Uint8Array(header.length * times + 1).fill(0xc0);
    for (let index = 0; index < times; index += 1) {
      frame.set(header, index * header.length);
    }
    return frame;
  };

  test.each<[string, Uint8Array<ArrayBuffer>]>([
    ["is empty", new Uint8Array(0)],
    ["claims an array of four billion", new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0])],
    // 240 MB each, for 5 bytes.
    ["claims thirty million items within thirty million", nested([0xdd, 0x01, 0xc9, 0xc3, 0x80], 100_000)],
    ["claims a map of four billion", new Uint8Array([0xdf, 0xff, 0xff, 0xff, 0xff, 0xc0])],
    ["claims a text of four gigabytes", new Uint8Array([0xdb, 0xff, 0xff, 0xff, 0xff, 0x61])],
    ["claims four gigabytes of an extension", new Uint8Array([0xc9, 0xff, 0xff, 0xff, 0xff, 3])],
    ["is an array in an array, a million times", nested([0x91], 1_000_000)],
    ["has a type that MessagePack hasn't", new Uint8Array([0xc1])],
  ])("%s", (_, frame) => {
    const before = process.memoryUsage().rss;
    const started = performance.now();
    expect(() => unpackValue(frame)).toThrow(RangeError);
    expect(performance.now() - started).toBeLessThan(500);
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 2 ** 20);
  });
});
