// Readings of one raster by our engine, in a process of its own: orthomask-side.mjs PATH in-order|random TIMES.
import { hostRasterMemory } from "../../src-main/host/raster-memory.ts";
import { configureRaster, openRaster, type Raster } from "../../src-main/raster/index.ts";
import { peakMegabytes } from "./peak-megabytes.ts";

const [path = "", work = "", times = "1"] = process.argv.slice(2);

configureRaster(hostRasterMemory);
const milliseconds: number[] = [];
let firstPixels = 0;
for (let time = 0; time < Number(times); time += 1) {
  firstPixels = 0;
  const before = performance.now();
  const raster = await openRaster(path);
  await workOn(raster);
  milliseconds.push(performance.now() - before);
  await raster.close();
}
console.log(JSON.stringify({ milliseconds, peakMegabytes: peakMegabytes(), firstPixels }));
// Decoding threads have nothing left to do.
process.exit(0);

function workOn(raster: Raster): Promise<void> {
  switch (work) {
    case "in-order":
      return readInOrder(raster, 512);
    case "random":
      return readAtRandom(raster, 2_000, 256);
    default:
      throw new Error(`expected in-order or random, got ${work}`);
  }
}

async function readInOrder(raster: Raster, side: number): Promise<void> {
  const { width, height } = raster.description;
  for (let y = 0; y < height; y += side) {
    for (let x = 0; x < width; x += side) {
      await read(raster, x, y, Math.min(side, width - x), Math.min(side, height - y));
    }
  }
}

/** Windows in the order that `rasterio_side.py` draws too: Park and Miller's generator. */
async function readAtRandom(raster: Raster, count: number, side: number): Promise<void> {
  const { width, height } = raster.description;
  let state = 7;
  const number = (limit: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  for (let index = 0; index < count; index += 1) {
    const x = number(Math.max(1, width - side));
    const y = number(Math.max(1, height - side));
    await read(raster, x, y, Math.min(side, width), Math.min(side, height));
  }
}

async function read(
  raster: Raster,
  x: number,
  y: number,
  windowWidth: number,
  windowHeight: number,
): Promise<void> {
  const all = Array.from({ length: raster.description.bands }, (_, band) => band);
  const { data } = await raster.readWindow(
    { pixelWindow: { x, y, width: windowWidth, height: windowHeight }, bands: all },
    // As a training reads its tiles; predictions and evaluations go in order.
    { comesAgain: work === "random" },
  );
  firstPixels += data[0] ?? 0;
}
