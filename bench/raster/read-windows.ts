import type { Raster } from "../../src-main/raster/index.ts";

/** Reads a raster's windows `in-order` or at `random`; answers the sum of their first samples. */
export function readWindows(raster: Raster, work: string): Promise<number> {
  switch (work) {
    case "in-order":
      return readInOrder(raster, 512);
    case "random":
      return readAtRandom(raster, 2_000, 256);
    default:
      throw new Error(`expected in-order or random, got ${work}`);
  }
}

async function readInOrder(raster: Raster, side: number): Promise<number> {
  const { width, height } = raster.description;
  let sum = 0;
  for (let y = 0; y < height; y += side) {
    for (let x = 0; x < width; x += side) {
      const size = [Math.min(side, width - x), Math.min(side, height - y)] as const;
      sum += await firstSample(raster, [x, y], size, false);
    }
  }
  return sum;
}

/** Windows in the order that `rasterio_side.py` draws too: Park and Miller's generator. */
async function readAtRandom(raster: Raster, count: number, side: number): Promise<number> {
  const { width, height } = raster.description;
  let state = 7;
  let sum = 0;
  const number = (limit: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  for (let index = 0; index < count; index += 1) {
    const x = number(Math.max(1, width - side));
    const y = number(Math.max(1, height - side));
    const size = [Math.min(side, width), Math.min(side, height)] as const;
    sum += await firstSample(raster, [x, y], size, true);
  }
  return sum;
}

async function firstSample(
  raster: Raster,
  [x, y]: readonly [x: number, y: number],
  [width, height]: readonly [width: number, height: number],
  comesAgain: boolean,
): Promise<number> {
  const bands = Array.from({ length: raster.description.bands }, (_, band) => band);
  const { data } = await raster.readWindow(
    { pixelWindow: { x, y, width, height }, bands },
    // As a training reads its tiles; predictions and evaluations go in order.
    { comesAgain },
  );
  return data[0] ?? 0;
}
