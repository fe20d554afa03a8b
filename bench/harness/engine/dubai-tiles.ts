import { existsSync } from "node:fs";
import path from "node:path";
import { openRaster } from "../../../src-main/raster/index.ts";
import { UNLABELLED_ID } from "../../../src-shared/project/land-class.ts";

const folder = path.join(import.meta.dirname, "../../../../shared/data/dubai");

/** Tiles of one size, one after the other. */
export interface LabelledTiles {
  readonly count: number;
  /** uint8, NHWC. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** A class index a pixel; 255 for none. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** Whether the mosaics of Dubai are on this machine. */
export function hasDubai(): boolean {
  return existsSync(folder);
}

/** Cuts whole tiles side by side out of some of Dubai's mosaics and shrinks them: pixels by their mean, labels by the nearest. */
export async function cutDubai(
  mosaics: readonly number[],
  { tilePixels, side, classes }: { tilePixels: number; side: number; classes: number },
): Promise<LabelledTiles> {
  const pixels: Uint8Array[] = [];
  const labels: Uint8Array[] = [];
  const outputSize = { width: side, height: side };
  for (const mosaic of mosaics) {
    const image = await openRaster(path.join(folder, "images", `dubai-${mosaic}.tif`));
    const mask = await openRaster(path.join(folder, "masks", `dubai-${mosaic}.tif`));
    const { width, height } = image.description;
    for (let y = 0; y + tilePixels <= height; y += tilePixels) {
      for (let x = 0; x + tilePixels <= width; x += tilePixels) {
        const pixelWindow = { x, y, width: tilePixels, height: tilePixels };
        const seen = { pixelWindow, outputSize, bands: [0, 1, 2], resampling: "average" as const };
        const truth = { pixelWindow, outputSize, bands: [0], resampling: "nearest" as const };
        pixels.push(Uint8Array.from((await image.readWindow(seen)).data));
        labels.push(
          Uint8Array.from((await mask.readWindow(truth)).data, (id) => (id < classes ? id : UNLABELLED_ID)),
        );
      }
    }
    await image.close();
    await mask.close();
  }
  return { count: labels.length, pixels: joined(pixels), labels: joined(labels) };
}

/** Some of the tiles as one batch. */
export function chosenTiles(
  { count, pixels, labels }: LabelledTiles,
  chosen: readonly number[],
): { pixels: Uint8Array<ArrayBuffer>; labels: Uint8Array<ArrayBuffer> } {
  const part = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
    const size = bytes.length / count;
    return joined(chosen.map((tile) => bytes.subarray(tile * size, (tile + 1) * size)));
  };
  return { pixels: part(pixels), labels: part(labels) };
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
