import { expect, test } from "vitest";
import { acceptedSentence } from "./accepted-sentence.ts";

test("says the run, the pixels of each mosaic, and how to take it back", () => {
  const both = [
    { name: "north", pixels: 1200 },
    { name: "south", pixels: 34 },
  ];
  const sentence = acceptedSentence("U-Net 2", both, []);
  expect(sentence).toContain("of U-Net 2 in north (");
  expect(sentence).toContain("south (34)");
  expect(sentence).toContain("Ctrl+Z, 2 times, takes it back");
  expect(acceptedSentence("U-Net 2", both.slice(1), ["east"])).toBe(
    "Accepted 34 pixels of U-Net 2 in south. U-Net 2 has no prediction of east. Ctrl+Z takes it back.",
  );
});

test("a mosaic that stayed as it was isn't passed over", () => {
  const accepted = [
    { name: "north", pixels: 0 },
    { name: "south", pixels: 1 },
  ];
  expect(acceptedSentence("U-Net 2", accepted, [])).toBe(
    "Accepted 1 pixel of U-Net 2 in south. Nothing changed in north. Ctrl+Z takes it back.",
  );
  expect(acceptedSentence("U-Net 2", accepted.slice(0, 1), [])).toMatch(/^Nothing changed in north: /);
});

test("nothing predicted in view: which mosaics, and what to do", () => {
  expect(acceptedSentence("U-Net 2", [], ["a", "b", "c", "d", "e"])).toBe(
    "Nothing was accepted. U-Net 2 has no prediction of a, b, c and 2 more. Predict what is in view, or choose another run in Results.",
  );
});
