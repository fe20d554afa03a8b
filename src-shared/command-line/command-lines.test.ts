import { expect, it } from "vitest";
import { placesWord, quotedWord, selectionOfWord } from "./command-lines.ts";

it("words are quoted so that a shell reads them back", () => {
  expect(quotedWord("/data/my maps")).toBe("'/data/my maps'");
  expect(quotedWord("it's")).toBe("'it'\\''s'");
  expect(quotedWord("east,west")).toBe("east,west");
});

it("chosen pixels are named and read back", () => {
  const selections = [
    { kind: "cell", truthId: 0, predictionId: 12 },
    { kind: "false-positives", classId: 3 },
    { kind: "false-negatives", classId: 0 },
    { kind: "errors" },
  ] as const;
  for (const selection of selections) {
    expect(selectionOfWord(placesWord(selection))).toEqual(selection);
  }
  expect(selectionOfWord(":")).toBeNull();
  expect(selectionOfWord("road:water")).toBeNull();
});
