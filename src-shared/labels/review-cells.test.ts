import { describe, expect, it } from "vitest";
import { cellWindow, emptyReview, reviewFileSchema, statesOfCells, withCellState } from "./review-cells.ts";

/** Three units wide, two high, the last of each cut off by the edge. */
const size = { width: 600, height: 300 };

describe("review cells", () => {
  it("take a state for all of their units and no others", () => {
    const rows = withCellState([], size, 512, { column: 0, row: 0 }, "done");
    expect(rows).toEqual(["110", "110"]);
    expect(withCellState(rows, size, 256, { column: 2, row: 1 }, "checked")).toEqual(["110", "112"]);
    expect([...statesOfCells(rows, size, 512)]).toEqual([1, 0]);
  });

  it("of another size are as far as their worst part, and nothing is lost when the size goes back", () => {
    const rows = ["122", "120"];
    expect([...statesOfCells(rows, size, 256)]).toEqual([1, 2, 2, 1, 2, 0]);
    expect([...statesOfCells(rows, size, 512)]).toEqual([1, 0]);
    expect([...statesOfCells(rows, size, 1024)]).toEqual([0]);
    const whole = withCellState(rows, size, 1024, { column: 0, row: 0 }, "checked");
    expect([...statesOfCells(whole, size, 256)]).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it("that a file says nothing of are to do", () => {
    expect([...statesOfCells(["1"], size, 256)]).toEqual([1, 0, 0, 0, 0, 0]);
    expect(withCellState(["1"], size, 256, { column: 1, row: 1 }, "done")).toEqual(["100", "010"]);
  });

  it("end where their mosaic does", () => {
    expect(cellWindow(size, 512, { column: 1, row: 0 })).toEqual({ x: 512, y: 0, width: 88, height: 300 });
  });

  it("are read from a file of the right form only", () => {
    expect(reviewFileSchema.safeParse(emptyReview).success).toBe(true);
    for (const spoilt of [
      { ...emptyReview, cellPixels: 300 },
      { ...emptyReview, mosaics: { a: ["013"] } },
      { ...emptyReview, mosaics: { a: "010" } },
    ]) {
      expect(reviewFileSchema.safeParse(spoilt).success).toBe(false);
    }
  });
});
