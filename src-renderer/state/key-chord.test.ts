import { expect, test } from "vitest";
import { hasModifier, isChord } from "./key-chord.ts";

const press = (key: string, held: string[] = []) => ({
  key,
  ctrlKey: held.includes("ctrl"),
  metaKey: held.includes("meta"),
  altKey: held.includes("alt"),
  shiftKey: held.includes("shift"),
});

test("modifiers must be those of the chord", () => {
  expect(isChord("Ctrl+K", press("k", ["ctrl"]))).toBe(true);
  expect(isChord("Ctrl+K", press("k", ["meta"]))).toBe(true);
  expect(isChord("Ctrl+K", press("k"))).toBe(false);
  expect(isChord("Ctrl+K", press("K", ["ctrl", "shift"]))).toBe(false);
  expect(isChord("Ctrl+B", press("b", ["ctrl", "alt"]))).toBe(false);
  expect(isChord("Ctrl+Alt+B", press("b", ["ctrl", "alt"]))).toBe(true);
});

test("letters need no shift, signs may need it on some keyboards", () => {
  expect(isChord("F", press("f"))).toBe(true);
  expect(isChord("F", press("F", ["shift"]))).toBe(false);
  expect(isChord("?", press("?", ["shift"]))).toBe(true);
  expect(isChord("+", press("+", ["shift"]))).toBe(true);
  expect(isChord("+", press("+"))).toBe(true);
  expect(isChord("2", press("3"))).toBe(false);
});

test("only chords with a modifier work while typing", () => {
  expect(["Ctrl+K", "Ctrl+Alt+B", "F", "?", "+"].map(hasModifier)).toEqual([true, true, false, false, false]);
});
