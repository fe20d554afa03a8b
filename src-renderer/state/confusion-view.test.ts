import { describe, expect, test } from "vitest";
import { cellSentence, cellShare, confusionView, heatOf, LIGHT_TEXT_HEAT } from "./confusion-view.ts";

const classes = ["road", "building", "water"].map((name, id) => ({ id, name, color: "#000000" }));
const matrix = confusionView({
  classes,
  confusion: [
    [90, 8, 2],
    [10, 40, 0],
    [0, 0, 0],
  ],
});

test("margins add up to the same total", () => {
  expect(matrix.rowTotals).toEqual([100, 50, 0]);
  expect(matrix.columnTotals).toEqual([100, 48, 2]);
  expect(matrix.total).toBe(150);
  expect(matrix.columnTotals.reduce((sum, count) => sum + count, 0)).toBe(matrix.total);
});

test("shares are of the row, the column or everything; nothing can't be shared", () => {
  expect(cellShare(matrix, 0, 1, "row")).toBe(8 / 100);
  expect(cellShare(matrix, 0, 1, "column")).toBe(8 / 48);
  expect(cellShare(matrix, 0, 1, "count")).toBe(8 / 150);
  expect(cellShare(matrix, 2, 0, "row")).toBeNull();
});

describe("sentences", () => {
  const words = { truth: "road", prediction: "building", share: "3.2 %", amount: "41,220 px, 1.03 ha" };
  test("a confusion", () => {
    expect(cellSentence(words, "row")).toBe("3.2 % of road was called building (41,220 px, 1.03 ha)");
    expect(cellSentence(words, "column")).toBe(
      "3.2 % of what was called building is road (41,220 px, 1.03 ha)",
    );
  });
  test("a hit", () => {
    const hit = { ...words, prediction: "road" };
    expect(cellSentence(hit, "row")).toBe("3.2 % of road was found (41,220 px, 1.03 ha)");
    expect(cellSentence(hit, "column")).toBe("3.2 % of what was called road is right (41,220 px, 1.03 ha)");
  });
});

test("heat rises with the share, from nothing to all", () => {
  const heats = [null, 0, 0.01, 0.1, 0.5, 1].map(heatOf);
  expect(heats[0]).toBe(0);
  expect(heats.slice(1)).toEqual([...heats.slice(1)].sort((a, b) => a - b));
  expect(heats.at(-1)).toBe(1);
});

/** Contrast by WCAG 2.2 of two sRGB colours. */
function contrast(first: readonly number[], second: readonly number[]): number {
  const luminance = (color: readonly number[]): number => {
    const [red = 0, green = 0, blue = 0] = color.map((channel) => {
      const value = channel / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [light, dark] = [luminance(first), luminance(second)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

test.each([
  { theme: "light", surface: [249, 249, 250], text: [0, 0, 0], hue: [29, 95, 214] },
  { theme: "dark", surface: [34, 35, 38], text: [231, 232, 234], hue: [45, 105, 218] },
])("text is readable on every heat in $theme colours", ({ surface, text, hue }) => {
  for (let heat = 0; heat <= 1; heat += 0.01) {
    const cell = surface.map((channel, index) => channel + ((hue[index] ?? 0) - channel) * heat);
    const used = heat >= LIGHT_TEXT_HEAT ? [255, 255, 255] : text;
    expect(contrast(cell, used), `heat ${heat.toFixed(2)}`).toBeGreaterThan(4.5);
  }
});
