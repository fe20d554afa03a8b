import { describe, expect, it } from "vitest";
import { inverseSymmetry, rearrangePixels, squareSymmetries, symmetrySources } from "./square-symmetry.ts";

/** A picture drawn as rows of letters. */
function picture(...rows: string[]): Uint8Array {
  return Uint8Array.from(rows.join(""), (letter) => letter.charCodeAt(0));
}

function laid(pixels: Uint8Array, symmetry: (typeof squareSymmetries)[number]): Uint8Array {
  const side = Math.sqrt(pixels.length);
  return rearrangePixels(pixels, 1, symmetrySources(side, symmetry), new Uint8Array(pixels.length));
}

describe("square symmetries", () => {
  const square = picture("abc", "def", "ghi");

  it("turns clockwise and flips left to right", () => {
    expect(laid(square, 0)).toEqual(square);
    expect(laid(square, 1)).toEqual(picture("gda", "heb", "ifc"));
    expect(laid(square, 2)).toEqual(picture("ihg", "fed", "cba"));
    expect(laid(square, 4)).toEqual(picture("cba", "fed", "ihg"));
  });

  it("are eight, each with its inverse", () => {
    const all = squareSymmetries.map((symmetry) => laid(square, symmetry).join());
    expect(new Set(all).size).toBe(8);
    for (const symmetry of squareSymmetries) {
      expect(laid(laid(square, symmetry), inverseSymmetry(symmetry))).toEqual(square);
    }
  });

  it("keep the bands of a pixel together", () => {
    const twoBands = Uint8Array.from([1, 10, 2, 20, 3, 30, 4, 40]);
    expect([...rearrangePixels(twoBands, 2, symmetrySources(2, 1), new Uint8Array(8))]).toEqual([
      3, 30, 1, 10, 4, 40, 2, 20,
    ]);
  });
});
