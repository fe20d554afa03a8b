import { expect, it } from "vitest";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import { CoarseSamples, isCoarse, type CoarseRequest } from "./coarse-samples.ts";

const raster = { width: 650, height: 1000 };

/** A source whose id says where a pixel is, and how many pixels it has read. */
function source(shift: number): { read: (pixelWindow: PixelWindow) => Promise<Uint8Array>; pixels: number } {
  const made = {
    pixels: 0,
    read: ({ x, y, width, height }: PixelWindow) => {
      made.pixels += width * height;
      const ids = Uint8Array.from({ length: width * height }, (_, index) =>
        idAt(x + (index % width), y + Math.floor(index / width), shift),
      );
      return Promise.resolve(ids);
    },
  };
  return made;
}

function idAt(x: number, y: number, shift: number): number {
  return (Math.floor(x / 100) * 7 + Math.floor(y / 100) + shift) % 250;
}

/** Asked for until it is finished, as the page does. */
async function finished(samples: CoarseSamples, request: CoarseRequest): Promise<Uint8Array[]> {
  for (;;) {
    const { ids, unfinished } = await samples.tile(request, { signal: new AbortController().signal });
    if (!unfinished) {
      return ids;
    }
  }
}

it("reads each pixel once for all tiles, and shows the same pixels of every source", async () => {
  const samples = new CoarseSamples();
  const [one, other] = [source(0), source(3)];
  const request = {
    key: "a",
    version: "1",
    sources: [one.read, other.read],
    raster,
    size: { width: 20, height: 20 },
  };
  const windows = [
    // Over the edge, as tiles of the coarsest level are.
    { x: 0, y: 0, width: 1280, height: 1280 },
    { x: 320, y: 320, width: 320, height: 320 },
  ];
  for (const pixelWindow of windows) {
    const found = await finished(samples, { ...request, pixelWindow });
    const step = pixelWindow.width / 20;
    for (const [index, ids] of found.entries()) {
      for (let pixel = 0; pixel < ids.length; pixel++) {
        const x = pixelWindow.x + ((pixel % 20) + 0.5) * step;
        const y = pixelWindow.y + (Math.floor(pixel / 20) + 0.5) * step;
        const inside = x < raster.width && y < raster.height;
        // The middle of the 16 px around it, which the edge cuts.
        const middle = (at: number, end: number): number => Math.min(end - 1, Math.floor(at / 16) * 16 + 8);
        expect(ids[pixel]).toBe(
          inside ? idAt(middle(x, raster.width), middle(y, raster.height), index * 3) : 255,
        );
      }
    }
  }
  expect([one.pixels, other.pixels]).toEqual([raster.width * raster.height, raster.width * raster.height]);
});

it("shows what was there until the new is read, tells a failure once, and tries again", async () => {
  const samples = new CoarseSamples();
  const one = source(0);
  const size = { width: 10, height: 10 };
  const request = {
    key: "a",
    sources: [one.read],
    raster,
    size,
    pixelWindow: { x: 0, y: 0, width: 1280, height: 1280 },
  };
  const [before] = await finished(samples, { ...request, version: "1" });
  // Labels changed, and reading them takes its time: the first picture is the old one.
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const slow = async (pixelWindow: PixelWindow): Promise<Uint8Array> => {
    await gate;
    return source(9).read(pixelWindow);
  };
  const changed = { ...request, version: "2", sources: [slow] };
  const first = await samples.tile(changed, { signal: new AbortController().signal });
  expect(first).toEqual({ ids: [before], unfinished: true });
  go();
  const [after] = await finished(samples, changed);
  expect(after![0]).toBe(idAt(8, 8, 9));
  const failing = { ...request, version: "3", sources: [() => Promise.reject(new Error("gone"))] };
  await expect(samples.tile(failing, { signal: new AbortController().signal })).rejects.toThrow("gone");
  expect((await finished(samples, { ...request, version: "3" }))[0]![0]).toBe(idAt(8, 8, 0));
});

it("calls a tile of 8192² px and more of the ground coarse", () => {
  expect([4096, 8192].map((side) => isCoarse({ width: side, height: side }))).toEqual([false, true]);
});
