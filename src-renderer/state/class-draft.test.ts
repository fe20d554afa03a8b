import { expect, test } from "vitest";
import type { LandClass } from "#shared/project/land-class.ts";
import { landClassesSchema } from "#shared/project/land-class.ts";
import { classErrors, freeClassId, freeClassName, isSound } from "./class-draft.ts";

const draft = (...items: [number, string][]): LandClass[] =>
  items.map(([id, name]) => ({ id, name, color: "#112233", ignore: false }));

test.each([
  ["sound", draft([0, "field"], [4, "road"])],
  ["same id", draft([1, "field"], [1, "road"])],
  ["same name but for its case", draft([0, "Road "], [1, "road"])],
  ["no name", draft([0, "  "])],
  ["id 255", draft([255, "none"])],
  ["id -1", draft([-1, "none"])],
  ["long name", draft([0, "x".repeat(81)])],
])("what the page calls sound is what the contract accepts: %s", (_, classes) => {
  const trimmed = classes.map((item) => ({ ...item, name: item.name.trim() }));
  expect(isSound(classErrors(classes))).toBe(landClassesSchema.safeParse(trimmed).success);
});

test("an error names the other class", () => {
  expect(classErrors(draft([1, "field"], [1, "road"]))[1]?.id).toContain("field");
});

test("new classes take the first free id and a free name", () => {
  expect(freeClassId(draft([0, "a"], [2, "b"]))).toBe(1);
  expect(freeClassId(Array.from({ length: 255 }, (_, id) => draft([id, `c${id}`])).flat())).toBeNull();
  expect(freeClassName(4, draft([0, "field"]))).toBe("class 4");
  expect(freeClassName(2, draft([0, "Class 2"]))).toBe("class 3");
});
