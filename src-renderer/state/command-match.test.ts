import { expect, test } from "vitest";
import { matchTitle } from "./command-match.ts";

/** The titles that match, best first. */
function ranked(query: string, titles: string[]): string[] {
  return titles
    .flatMap((title) => {
      const match = matchTitle(query, title);
      return match === null ? [] : [{ title, score: match.score }];
    })
    .sort((first, second) => second.score - first.score)
    .map(({ title }) => title);
}

test("letters in order match, others don't", () => {
  expect(matchTitle("tms", "Train: Measure speed")).not.toBeNull();
  expect(matchTitle("smt", "Train: Measure")).toBeNull();
});

test("an empty query matches everything, without marks", () => {
  expect(matchTitle("  ", "Open folder")).toMatchObject({ whole: true, positions: [] });
});

test("what stands there as typed beats strewn letters, and a word's start beats its middle", () => {
  expect(ranked("lab", ["Layers: toggle A and B", "Available", "Mode: Label"])).toEqual([
    "Mode: Label",
    "Available",
    "Layers: toggle A and B",
  ]);
});

test("initials of words beat letters inside them", () => {
  expect(ranked("of", ["Loudness of", "Open folder", "Roof"])[0]).not.toBe("Open folder");
  expect(ranked("opf", ["Stop fitting", "Open folder"])[0]).toBe("Open folder");
});

test("the marked letters are those typed", () => {
  const title = "Map: Show all mosaics";
  const match = matchTitle("sam", title);
  expect(match?.positions.map((at) => title[at]?.toLowerCase()).join("")).toBe("sam");
  expect(match?.positions).toEqual([...(match?.positions ?? [])].sort((a, b) => a - b));
});
