import { expect, test } from "vitest";
import { classPixels, imagePixels } from "./preview-pixels.ts";

test("RGB becomes opaque RGBA", () => {
  expect([...imagePixels(Uint8Array.of(1, 2, 3, 250, 251, 252))]).toEqual([1, 2, 3, 255, 250, 251, 252, 255]);
});

test("ids get their class's colour; ids without a class are clear", () => {
  const classes = [{ id: 4, name: "road", color: "#f0e442", ignore: false }];
  expect([...classPixels(Uint8Array.of(4, 255, 9), classes)]).toEqual([
    0xf0, 0xe4, 0x42, 255, 0, 0, 0, 0, 0, 0, 0, 0,
  ]);
});
