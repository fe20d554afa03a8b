// One reading of one raster by our engine, in a process of its own: orthomask-side.mjs PATH in-order|random|first-view.
import { readFileSync } from "node:fs";
import { openRaster } from "../../src-main/raster/index.ts";

const [path = "", work = ""] = process.argv.slice(2);

const before = performance.now();
const raster = await openRaster(path);
const { width, height, bands } = raster.description;
const all = Array.from({ length: bands }, (_, band) => band);
let firstPixel = 0;
switch (work) {
  case "in-order":
    await readInOrder(512);
    break;
  case "random":
    await readAtRandom(2_000, 256);
    break;
  case "first-view":
    await readWhole(1024);
    break;
  default:
    throw new Error(`expected in-order, random or first-view, got ${work}`);
}
const milliseconds = performance.now() - before;
await raster.close();
console.log(JSON.stringify({ milliseconds, peakMegabytes: peakMegabytes(), firstPixel }));
// Decoding threads have nothing left to do.
process.exit(0);

async function readInOrder(side: number): Promise<void> {
  for (let y = 0; y < height; y += side) {
    for (let x = 0; x < width; x += side) {
      await read(x, y, Math.min(side, width - x), Math.min(side, height - y));
    }
  }
}

/** Windows in the order that `rasterio_side.py` draws too: Park and Miller's generator. */
async function readAtRandom(count: number, side: number): Promise<void> {
  let state = 7;
  const number = (limit: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  for (let index = 0; index < count; index += 1) {
    const x = number(Math.max(1, width - side));
    const y = number(Math.max(1, height - side));
    await read(x, y, Math.min(side, width), Math.min(side, height));
  }
}

async function read(x: number, y: number, windowWidth: number, windowHeight: number): Promise<void> {
  const { data } = await raster.readWindow({
    pixelWindow: { x, y, width: windowWidth, height: windowHeight },
    bands: all,
  });
  firstPixel += data[0] ?? 0;
}

/** The whole raster at the size of a screen. */
async function readWhole(side: number): Promise<void> {
  const scale = Math.max(width, height) / side;
  await raster.readWindow({
    pixelWindow: { x: 0, y: 0, width, height },
    bands: [0],
    outputSize: { width: Math.round(width / scale), height: Math.round(height / scale) },
    resampling: "nearest",
  });
}

/** The process's largest resident memory; not a number where the system doesn't tell. */
function peakMegabytes(): number {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
