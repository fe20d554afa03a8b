import { describe, expect, test } from "vitest";
import {
  formatArea,
  formatBytes,
  formatCompact,
  formatCount,
  formatDuration,
  formatLoss,
  formatMilliseconds,
  formatMoment,
  formatPlural,
  formatRate,
  formatRemaining,
  formatScore,
  formatShare,
  formatShort,
} from "./format.ts";

describe("numbers", () => {
  test.each([
    [41220, "41,220"],
    [0, "0"],
    [2_097_152, "2,097,152"],
  ])("count %d", (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  test.each([
    [950, "950"],
    [999, "999"],
    [1000, "1.00 k"],
    [12_400, "12.4 k"],
    [487_717, "488 k"],
    [999_800, "1.00 M"],
    [1_930_000, "1.93 M"],
  ])("compact %d", (count, text) => {
    expect(formatCompact(count)).toBe(text);
  });

  test("short counts fit narrow cells", () => {
    expect([29, 1653, 9949, 61_600, 461_234, 999_600].map(formatShort)).toEqual([
      "29",
      "1.7 k",
      "9.9 k",
      "62 k",
      "461 k",
      "1.0 M",
    ]);
  });

  test("scores have two decimals and a dash for what isn't defined", () => {
    expect([0.7149, 1, 0, null, NaN].map(formatScore)).toEqual(["0.71", "1.00", "0.00", "–", "–"]);
  });

  test("losses keep three digits, however small, and say what isn't a number", () => {
    expect([1.2345, 0.734, 0.04123, 83.5, 250.4, 0, 0.00012, NaN, Infinity].map(formatLoss)).toEqual([
      "1.23",
      "0.734",
      "0.0412",
      "83.5",
      "250",
      "0.0000",
      "1.2e-4",
      "NaN",
      "∞",
    ]);
  });

  test("a share that isn't nothing or all never reads so", () => {
    expect([0, 0.0001, 0.0321, 0.5, 0.9999, 1].map(formatShare)).toEqual([
      "0 %",
      "<0.1 %",
      "3.2 %",
      "50.0 %",
      "99.9 %",
      "100 %",
    ]);
  });

  test("learning rates are written as in papers", () => {
    expect([0.001, 0.003, 1e-5, 0.1].map(formatRate)).toEqual(["0.001", "0.003", "1e-5", "0.1"]);
  });

  test("plural", () => {
    expect([
      formatPlural(1, "tile"),
      formatPlural(12_000, "tile"),
      formatPlural(0, "class", "classes"),
    ]).toEqual(["1 tile", "12,000 tiles", "0 classes"]);
  });
});

describe("units", () => {
  test.each([
    [0.42, "0.4 s"],
    [7.44, "7.4 s"],
    [2, "2 s"],
    [59.4, "59 s"],
    [59.6, "1 min"],
    [130, "2 min 10 s"],
    [3600, "1 h"],
    [3 * 3600 + 5 * 60, "3 h 5 min"],
    [52 * 3600, "2 d 4 h"],
    [Infinity, "–"],
  ])("%d seconds", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test("what is left is rounded", () => {
    expect([null, 3, 11, 100, 5400].map(formatRemaining)).toEqual([
      "",
      "a few seconds left",
      "about 15 s left",
      "about 2 min left",
      "about 1 h 30 min left",
    ]);
  });

  test("steps, sizes and areas", () => {
    expect([formatMilliseconds(161), formatMilliseconds(1444)]).toEqual(["161 ms", "1.44 s"]);
    expect([formatBytes(512), formatBytes(1_400_000), formatBytes(12.3e9)]).toEqual([
      "512 B",
      "1.40 MB",
      "12.3 GB",
    ]);
    // 41,220 px of 0.25 m² each are 1.03 ha.
    expect([formatArea(41_220 * 0.25), formatArea(12), formatArea(4.2e6 * 10)]).toEqual([
      "1.03 ha",
      "12 m²",
      "42.0 km²",
    ]);
  });

  test("moments are as short as they may be", () => {
    const now = new Date(2026, 10, 23, 15, 0);
    const moment = (...parts: [number, number, number, number, number]): string =>
      formatMoment(new Date(...parts).toISOString(), now);
    expect(moment(2026, 10, 23, 14, 5)).toBe("14:05");
    expect(moment(2026, 10, 3, 14, 5)).toBe("3 Nov 14:05");
    expect(moment(2025, 10, 3, 14, 5)).toBe("3 Nov 2025");
  });
});
