import { expect, test } from "vitest";
import { acceptedSentence } from "./accepted-sentence.ts";

test("says the run, the pixels of each mosaic, and how to take it back", () => {
  const both = [
    { name: "north", pixels: 1200, checkedCells: 0 },
    { name: "south", pixels: 34, checkedCells: 0 },
  ];
  const sentence = acceptedSentence("U-Net 2", both, []);
  expect(sentence).toContain("of U-Net 2 in north (");
  expect(sentence).toContain("south (34)");
  expect(sentence).toContain(" Ctrl+Z takes it back");
  expect(acceptedSentence("U-Net 2", both.slice(1), ["east"])).toBe(
    "Accepted 34 pixels of U-Net 2 in south. U-Net 2 has no prediction of east. Ctrl+Z takes it back.",
  );
});

test("a mosaic that stayed as it was isn't passed over", () => {
  const accepted = [
    { name: "north", pixels: 0, checkedCells: 0 },
    { name: "south", pixels: 1, checkedCells: 0 },
  ];
  expect(acceptedSentence("U-Net 2", accepted, [])).toBe(
    "Accepted 1 pixel of U-Net 2 in south. Nothing changed in north. Ctrl+Z takes it back.",
  );
  expect(acceptedSentence("U-Net 2", accepted.slice(0, 1), [])).toMatch(/^Nothing changed in north: /);
});

test("cells that were checked are told of, since nobody has looked at what they hold now", () => {
  const accepted = [
    { name: "north", pixels: 5, checkedCells: 2 },
    { name: "south", pixels: 1, checkedCells: 0 },
  ];
  expect(acceptedSentence("U-Net 2", accepted, [])).toBe(
    "Accepted 6 pixels of U-Net 2 in north (5), south (1). 2 cells of it are marked checked and stay so: look again. Ctrl+Z takes it back.",
  );
  expect(acceptedSentence("U-Net 2", [{ name: "north", pixels: 5, checkedCells: 1 }], [])).toContain(
    "1 cell of it is marked checked and stays so",
  );
});

test("nothing predicted in view: which mosaics, and what to do", () => {
  expect(acceptedSentence("U-Net 2", [], ["a", "b", "c", "d", "e"])).toBe(
    "Nothing was accepted. U-Net 2 has no prediction of a, b, c and 2 more. Predict what is in view, or choose another run in Results.",
  );
});
