import { expect, test } from "vitest";
import { fullSpan, scissorBox } from "./clip.ts";

// One map unit a pixel, origin at the upper left corner of an 800×600 map, two device pixels a pixel.
const frame = { size: [800, 600], pixelRatio: 2, coordinateToPixelTransform: [1, 0, 0, -1, 0, 0] };

test("a mosaic is drawn in its own part of the screen, counted from below", () => {
  expect(scissorBox(frame, [100, -300, 200, -50], fullSpan)).toEqual({
    x: (100 - 1) * 2,
    y: (600 - 301) * 2,
    width: (201 - 99) * 2,
    height: (301 - 49) * 2,
  });
});

test("a swipe cuts it at its handle", () => {
  expect(scissorBox(frame, [0, -600, 800, 0], { from: 0.25, to: 1 })).toMatchObject({ x: 400, width: 1200 });
  expect(scissorBox(frame, [0, -600, 800, 0], { from: 0, to: 0.25 })).toMatchObject({ x: 0, width: 400 });
});

test("nothing is drawn of a mosaic on the other side", () => {
  expect(scissorBox(frame, [0, -600, 100, 0], { from: 0.5, to: 1 }).width).toBe(0);
});
