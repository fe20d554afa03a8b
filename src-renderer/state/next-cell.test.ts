import { expect, it } from "vitest";
import type { MosaicReview } from "#shared/labels/review-contract.ts";
import { cellCounts, nextUnlabelledCell, type MosaicCell } from "./next-cell.ts";

/** A mosaic drawn as rows: `.` unlabelled, `+` labelled, `d` and `c` unlabelled but done or checked, a space has no imagery. */
function drawn(mosaicId: string, ...rows: readonly string[]): MosaicReview {
  const cells = Array.from(rows.join(""));
  const bytes = (of: (cell: string) => number): Uint8Array<ArrayBuffer> => Uint8Array.from(cells, of);
  return {
    mosaicId,
    columns: rows[0]?.length ?? 0,
    rows: rows.length,
    states: bytes((cell) => "dc".indexOf(cell) + 1),
    counts: {
      imageryPixels: 1,
      labelledPixels: 0,
      labelledShares: bytes((cell) => (cell === "+" ? 255 : 254)),
      imagery: bytes((cell) => (cell === " " ? 0 : 1)),
    },
  };
}

const mosaics = [drawn("a", "+d.", " .c"), drawn("b", "+."), { ...drawn("c", ".."), counts: null }];

/** The cells that pressing the key again and again leads to. */
function walk(from: MosaicCell | null, presses: number, by: 1 | -1 = 1): string[] {
  const visited: string[] = [];
  let current = from;
  for (let press = 0; press < presses; press += 1) {
    current = nextUnlabelledCell(mosaics, current, by);
    visited.push(current === null ? "none" : `${current.mosaicId}${current.column}${current.row}`);
  }
  return visited;
}

it("goes through what is left in reading order, mosaic after mosaic, and around", () => {
  expect(walk(null, 5)).toEqual(["a20", "a11", "b10", "a20", "a11"]);
  expect(walk({ mosaicId: "a", column: 0, row: 1 }, 2)).toEqual(["a11", "b10"]);
  expect(walk(null, 4, -1)).toEqual(["b10", "a11", "a20", "b10"]);
});

it("comes back to the only one that is left, and finds none where all is done", () => {
  const only = [drawn("a", "+.")];
  const cell = nextUnlabelledCell(only, null);
  expect(nextUnlabelledCell(only, cell)).toEqual({ mosaicId: "a", column: 1, row: 0 });
  expect(nextUnlabelledCell([drawn("a", "+d")], null)).toBeNull();
  expect(nextUnlabelledCell([], null)).toBeNull();
});

it("counts cells with imagery by state, and all of them where imagery isn't known yet", () => {
  expect(cellCounts(mosaics)).toEqual([3 + 2 + 2, 1, 1]);
});
