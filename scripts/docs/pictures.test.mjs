import path from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { rootDirectory } from "../setup/places.mjs";
import { differingShare } from "./pictures.mjs";

const picture = path.join(rootDirectory, "docs/guide/pictures/results.webp");
const TOLERATED = 0.04;

/** A patch of letters' grey where a number stood. */
function patch(width, height, grey) {
  const background = { r: grey, g: grey, b: grey };
  return sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();
}

test("other rendering, other numbers and another prediction are the same window", async () => {
  const rendered = await sharp(picture).blur(0.7).jpeg({ quality: 60 }).toBuffer();
  expect(await differingShare(picture, rendered)).toBeLessThan(0.01);
  const numbers = await Promise.all(
    [
      ...[100, 140, 180, 220, 260].map((top) => ({ left: 1050, top: top + 20, grey: 120 })),
      ...[600, 640].map((left) => ({ left, top: 600, grey: 90 })),
    ].map(async ({ left, top, grey }) => ({ input: await patch(24, 9, grey), left, top })),
  );
  const prediction = { input: await patch(600, 400, 40), left: 290, top: 110 };
  const other = await sharp(picture)
    .composite([...numbers, prediction])
    .png()
    .toBuffer();
  expect(await differingShare(picture, other)).toBeLessThan(TOLERATED);
});

test("a panel that is wider, rows that moved, another tab, dark colours are another window", async () => {
  const moved = (left, top, width, height, to) =>
    sharp(picture)
      .extract({ left, top, width, height })
      .png()
      .toBuffer()
      .then((input) =>
        sharp(picture)
          .composite([{ input, ...to }])
          .png()
          .toBuffer(),
      );
  const changes = [
    await moved(928, 40, 312, 736, { left: 968, top: 40 }),
    await moved(929, 100, 351, 640, { left: 929, top: 128 }),
    await sharp(picture)
      .composite([{ input: await patch(664, 186, 250), left: 264, top: 590 }])
      .png()
      .toBuffer(),
    await sharp(picture).negate().png().toBuffer(),
  ];
  for (const changed of changes) {
    expect(await differingShare(picture, changed)).toBeGreaterThan(TOLERATED);
  }
});

test("another size is another window", async () => {
  expect(await differingShare(picture, await patch(640, 400, 200))).toBe(1);
});
