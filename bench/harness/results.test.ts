import { describe, expect, test } from "vitest";
import { isReached, sampleOf } from "./bench.ts";
import type { BenchRow } from "./bench.ts";
import { areSameWhereBoth, mergeRows, tableOf } from "./results.ts";

function row(work: string, ours: number[], peer: number[] | null, atMost = 0.8): BenchRow {
  return {
    ...{ work, measure: "training step", unit: "ms", ours: sampleOf(ours) },
    peer: peer === null ? null : { name: "Keras", sample: sampleOf(peer) },
    target: { of: "ratio", atMost },
  };
}

describe("benchmark results", () => {
  test("a sample's median is the middle number, or the mean of the middle two", () => {
    expect(sampleOf([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3, count: 3 });
    expect(sampleOf([4, 1, 2, 30]).median).toBe(3);
    expect(() => sampleOf([])).toThrow();
  });

  test("a target is told only where it can be", () => {
    expect(isReached(row("a", [79, 81, 80], [100]))).toBe(true);
    expect(isReached(row("a", [81], [100]))).toBe(false);
    expect(isReached(row("a", [81], null))).toBeNull();
    expect(isReached({ ...row("a", [5], null), target: { of: "value", atMost: 5 } })).toBe(true);
  });

  test("a median may have to lie within the peer's numbers", () => {
    const within = (ours: number[]): boolean | null =>
      isReached({ ...row("a", ours, [0.5, 0.6, 0.55]), target: { of: "span" } });
    expect(within([0.4, 0.58, 0.7])).toBe(true);
    expect(within([0.61])).toBe(false);
    expect(isReached({ ...row("a", [1], null), target: { of: "span" } })).toBeNull();
  });

  test("nothing is said to be reached where others had the machine", () => {
    expect(isReached({ ...row("a", [1], [2]), othersPercent: 3 })).toBe(true);
    expect(isReached({ ...row("a", [1], [2]), othersPercent: 40 })).toBeNull();
  });

  test("rows measured again take their old place", () => {
    const [first, second] = [row("a", [1], [2]), row("b", [1], [2])];
    const again = row("a", [3], [4]);
    const other = row("c", [1], [2]);
    expect(mergeRows([first, second], [other, again])).toEqual([again, second, other]);
  });

  test("another part of the work may need other programs, but never other versions", () => {
    expect(areSameWhereBoth({ Node: "20", Chromium: "156" }, { Node: "20", Keras: "3" })).toBe(true);
    expect(areSameWhereBoth({ Node: "20", Keras: "3" }, { Node: "20", Keras: "4" })).toBe(false);
  });

  test("a table shows spread, ratio and whether the target was reached", () => {
    expect(tableOf([row("a", [900, 1000, 1200], [2000])])).toContain(
      "| a | training step, ms | 1000 (900–1200) | 2000 Keras | 0.50 | ≤ 0.8 ✓ |",
    );
    const disturbed = { ...row("a", [1], [2]), othersPercent: 39.6 };
    expect(tableOf([disturbed])).toContain("| a | training step, ms (disturbed: others took 40 %) |");
  });
});
