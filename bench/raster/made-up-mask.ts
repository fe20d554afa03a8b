import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PixelSize } from "#shared/geo/pixel-window.ts";
import { createGeoTiffWriter, crsFromEpsg, geoTagsFor } from "../../src-main/raster/index.ts";

const side = 512;
const REPEATED_TILES = 8;

/** What is drawn: the truth, or a prediction of it whose rims lie a few pixels elsewhere and whose specks are others. */
export interface MadeUpMask {
  readonly side?: "truth" | "prediction";
  /** Draws 8 × 8 tiles over and over, which is quicker for large masks. */
  readonly repeated?: boolean;
}

/** A made-up mask of five classes, drawn once: later runs find it where temporary files lie. */
export async function keptMask(
  width: number,
  height: number,
  { side: drawn = "truth", repeated = false }: MadeUpMask = {},
): Promise<string> {
  const folder = join(tmpdir(), "orthomask-bench-masks");
  await mkdir(folder, { recursive: true });
  const name = `${width}x${height}${drawn === "truth" ? "" : `-${drawn}`}${repeated ? "-repeated" : ""}`;
  const mask = join(folder, `${name}.tif`);
  if (!existsSync(mask)) {
    const unfinished = join(folder, `${name}.unfinished.tif`);
    await drawMask(unfinished, { width, height }, { side: drawn, repeated });
    await rename(unfinished, mask);
  }
  return mask;
}

/** Patches of some hundred pixels with wavy rims, and specks. */
async function drawMask(
  path: string,
  { width, height }: PixelSize,
  { side: drawn, repeated }: Required<MadeUpMask>,
): Promise<void> {
  const writer = await createGeoTiffWriter(path, {
    width,
    height,
    bands: 1,
    dtype: "uint8",
    geoTags: geoTagsFor([0.25, 0, 500_000, 0, -0.25, 5_400_000], crsFromEpsg(32633)),
    nodata: 255,
    colorTable: { "0": "#b7a98c", "1": "#d55e00", "2": "#117733", "3": "#0072b2", "4": "#f0e442" },
    categoryNames: { "0": "land", "1": "buildings", "2": "woodlands", "3": "water", "4": "roads" },
  });
  // Rims a few pixels apart, as a good prediction has them.
  const shift = drawn === "truth" ? 0 : 0.1;
  let seed = drawn === "truth" ? 1 : 12_345;
  const draw = (column: number, row: number): Uint8Array<ArrayBuffer> => {
    const ids = new Uint8Array(side * side);
    for (let at = 0; at < ids.length; at += 1) {
      const x = column * side + (at % side);
      const y = row * side + Math.floor(at / side);
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      const wave =
        Math.sin(x / 97 + shift + 3 * Math.sin(y / 211)) +
        Math.sin(y / 83 + 2 * Math.sin(x / 157)) +
        0.15 * Math.sin(x / 3) * Math.sin(y / 4);
      ids[at] =
        seed < 2 ** 32 / 200 ? (seed >>> 8) % 5 : Math.max(0, Math.min(4, Math.floor(2.5 + wave * 1.4)));
    }
    return ids;
  };
  const kept = new Map<number, Uint8Array<ArrayBuffer>>();
  for (let row = 0; row < writer.tilesDown; row += 1) {
    for (let column = 0; column < writer.tilesAcross; column += 1) {
      const key = (row % REPEATED_TILES) * REPEATED_TILES + (column % REPEATED_TILES);
      const ids = (repeated ? kept.get(key) : undefined) ?? draw(column, row);
      if (repeated) {
        kept.set(key, ids);
      }
      // The writer may take the buffer over.
      await writer.writeTile(column, row, repeated ? ids.slice() : ids);
    }
  }
  await writer.finish();
}
