import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { MosaicPixel } from "../state/cursor.svelte.ts";
import { PixelProbe } from "./pixel-probe.ts";

const here: MosaicPixel = { mosaicId: "a", column: 3, row: 4 };
const there: MosaicPixel = { mosaicId: "a", column: 3, row: 5 };

/** A probe of a layer whose class is the row of the pixel, and what was asked of it. */
function probe(): {
  made: PixelProbe<string>;
  asked: MosaicPixel[];
  signals: AbortSignal[];
  changes: () => number;
} {
  const asked: MosaicPixel[] = [];
  const signals: AbortSignal[] = [];
  let changes = 0;
  const made = new PixelProbe<string>({
    read: (_, pixel, { signal }) => {
      asked.push(pixel);
      signals.push(signal);
      return Promise.resolve(new Uint8Array([pixel.row]));
    },
    onChange: () => {
      changes += 1;
    },
  });
  return { made, asked, signals, changes: () => changes };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the pixel under the cursor", () => {
  test("is read once when the cursor rests, and known from then on", async () => {
    const { made, asked, changes } = probe();
    made.moveTo(here);
    expect(made.bytes("labels")).toBeNull();
    await vi.advanceTimersByTimeAsync(200);
    made.moveTo({ ...here });
    expect(made.bytes("labels")).toEqual(new Uint8Array([4]));
    await vi.advanceTimersByTimeAsync(200);
    expect([asked, changes()]).toEqual([[here], 1]);
  });

  test("is not asked for while the cursor moves on", async () => {
    const { made, asked } = probe();
    made.moveTo(here);
    made.bytes("labels");
    await vi.advanceTimersByTimeAsync(40);
    made.moveTo(there);
    made.bytes("labels");
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toEqual([there]);
    expect(made.bytes("labels")).toEqual(new Uint8Array([5]));
  });

  test("a question that is under way is stopped by moving on, and its answer is not taken", async () => {
    const { made, signals, changes } = probe();
    made.moveTo(here);
    made.bytes("labels");
    vi.advanceTimersByTime(80);
    made.moveTo(there);
    await vi.advanceTimersByTimeAsync(0);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(changes()).toBe(0);
    expect(made.bytes("labels")).toBeNull();
  });

  test("is read again when it may have changed", async () => {
    const { made, asked } = probe();
    made.moveTo(here);
    made.bytes("prediction");
    await vi.advanceTimersByTimeAsync(100);
    made.forget(({ mosaicId }) => mosaicId === "another");
    expect(made.bytes("prediction")).not.toBeNull();
    made.forget(({ mosaicId }) => mosaicId === "a");
    expect(made.bytes("prediction")).toBeNull();
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toHaveLength(2);
  });
});
