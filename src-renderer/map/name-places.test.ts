import { expect, test } from "vitest";
import { placeNames } from "./name-places.ts";

const size = [800, 600] as const;

test("a name stands to the right of its dot", () => {
  expect(placeNames([{ id: "a", x: 400, y: 300, nameWidth: 100 }], size)).toEqual(new Map([["a", "right"]]));
});

test("at the right edge it stands to the left, whole", () => {
  expect(placeNames([{ id: "a", x: 750, y: 300, nameWidth: 100 }], size)).toEqual(new Map([["a", "left"]]));
});

test("neighbours whose names would cover each other both keep theirs", () => {
  const places = placeNames(
    [
      { id: "a", x: 400, y: 300, nameWidth: 100 },
      { id: "b", x: 402, y: 303, nameWidth: 100 },
    ],
    size,
  );
  expect(new Set(places.keys())).toEqual(new Set(["a", "b"]));
  expect(places.get("a")).not.toBe(places.get("b"));
});

test("a name does not cover another dot when there is another side", () => {
  const places = placeNames(
    [
      { id: "a", x: 400, y: 300, nameWidth: 100 },
      { id: "b", x: 460, y: 300, nameWidth: 100 },
    ],
    size,
  );
  expect(places).toEqual(
    new Map([
      ["a", "left"],
      ["b", "right"],
    ]),
  );
});

test("of a crowd on one spot four have a name", () => {
  const crowd = Array.from({ length: 9 }, (_, index) => ({
    id: String(index),
    x: 400,
    y: 300,
    nameWidth: 60,
  }));
  expect(placeNames(crowd, size).size).toBe(4);
});
