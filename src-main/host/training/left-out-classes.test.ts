import { expect, test } from "vitest";
import type { LandClass } from "#shared/project/land-class.ts";
import { leftOutSentence } from "./left-out-classes.ts";

const classOf = (id: number, name: string, ignore = false): LandClass => ({
  id,
  name,
  color: "#123456",
  ignore,
});
const run = { name: "U-Net 1", classes: [classOf(0, "field"), classOf(1, "road")] };

test("a class that came after the run was begun is named", () => {
  expect(leftOutSentence(run, [...run.classes, classOf(2, "water")])).toBe(
    "U-Net 1 was begun without water: it goes on without, and labels of it count for nothing. A new training takes it in.",
  );
});

test("the same classes, and those that are ignored, are no news", () => {
  expect(leftOutSentence(run, run.classes)).toBeNull();
  expect(leftOutSentence(run, [...run.classes, classOf(2, "water", true)])).toBeNull();
});
