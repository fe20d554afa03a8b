import { describe, expect, it } from "vitest";
import { nextSorting, sortRows, sortedWord } from "./sort-rows.ts";

const rows = [
  { name: "run 10", score: 0.2 },
  { name: "run 9", score: null },
  { name: "run 1", score: 0.7 },
];
const names = (sorted: readonly { readonly name: string }[]): string[] => sorted.map(({ name }) => name);

describe("sortRows", () => {
  it("puts numbers in words by their size, and what has no value last both ways", () => {
    const by = (key: "name" | "score", descending: boolean) =>
      names(sortRows(rows, { key, descending }, (row, column) => row[column]));
    expect(by("name", false)).toEqual(["run 1", "run 9", "run 10"]);
    expect(by("score", false)).toEqual(["run 10", "run 1", "run 9"]);
    expect(by("score", true)).toEqual(["run 1", "run 10", "run 9"]);
    expect(names(sortRows(rows, null, () => null))).toEqual(["run 10", "run 9", "run 1"]);
  });
});

describe("nextSorting", () => {
  it("sorts, turns round, and gives the own order back", () => {
    const first = nextSorting<"score">(null, "score", { descendingFirst: true });
    expect(sortedWord(first, "score")).toBe("descending");
    const second = nextSorting(first, "score", { descendingFirst: true });
    expect(sortedWord(second, "score")).toBe("ascending");
    expect(nextSorting(second, "score", { descendingFirst: true })).toBeNull();
  });
});
