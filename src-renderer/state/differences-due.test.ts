import { expect, it } from "vitest";
import { mayDiffer } from "./differences-due.ts";

it("asks for differences after merging, undoing and redoing, and not after strokes", () => {
  const brush = { undo: "Brush", redo: null };
  expect(mayDiffer(brush, brush)).toBe(false);
  expect(mayDiffer(brush, null)).toBe(false);
  expect(mayDiffer({ undo: "Merge labels", redo: null }, brush)).toBe(true);
  expect(mayDiffer({ undo: "Take theirs", redo: null }, brush)).toBe(true);
  const undone = { undo: "Brush", redo: "Take theirs" };
  expect(mayDiffer(undone, brush)).toBe(true);
  expect(mayDiffer(brush, undone)).toBe(true);
});
