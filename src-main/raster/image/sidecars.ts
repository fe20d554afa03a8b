import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { determinant, type Geotransform } from "#shared/geo/affine.ts";
import type { Crs } from "#shared/geo/crs.ts";
import { crsFromWkt } from "../crs/from-wkt.ts";

const maxSidecarBytes = 64 * 2 ** 10;

/**
 * The geotransform of the world file beside an image (`.tfw`, `.tifw`, `.jgw`, `.pgw`, `.wld`), or null.
 *
 * A world file names the centre of the first pixel; the result maps its outer corner.
 */
export async function readWorldFileBeside(imagePath: string): Promise<Geotransform | null> {
  const extension = extname(imagePath).slice(1).toLowerCase();
  const short = extension.length >= 3 ? `${extension[0] ?? ""}${extension.at(-1) ?? ""}w` : `${extension}w`;
  for (const suffix of [short, `${extension}w`, "wld"]) {
    const text = await readBeside(imagePath, suffix);
    const geotransform = text === null ? null : parseWorldFile(text);
    if (geotransform !== null) {
      return geotransform;
    }
  }
  return null;
}

/** Parses the six lines of a world file: A, D, B, E, C, F of the first pixel's centre. */
export function parseWorldFile(text: string): Geotransform | null {
  const numbers = text
    .trim()
    .split(/\s+/)
    .slice(0, 6)
    .map((word) => Number(word.replace(",", ".")));
  const [a, d, b, e, centreX, centreY] = numbers;
  if (
    a === undefined ||
    d === undefined ||
    b === undefined ||
    e === undefined ||
    centreX === undefined ||
    centreY === undefined
  ) {
    return null;
  }
  const geotransform: Geotransform = [a, b, centreX - a / 2 - b / 2, d, e, centreY - d / 2 - e / 2];
  return geotransform.every(Number.isFinite) && determinant(geotransform) !== 0 ? geotransform : null;
}

/** The CRS of the `.prj` file beside an image, or null when there is none. */
export async function readPrjBeside(imagePath: string): Promise<Crs | null> {
  const text = await readBeside(imagePath, "prj");
  return text === null ? null : crsFromWkt(text);
}

async function readBeside(imagePath: string, suffix: string): Promise<string | null> {
  const stem = imagePath.slice(0, imagePath.length - extname(imagePath).length);
  for (const path of [`${stem}.${suffix}`, `${stem}.${suffix.toUpperCase()}`]) {
    try {
      if ((await stat(path)).size <= maxSidecarBytes) {
        return await readFile(path, "utf8");
      }
    } catch {
      // Not there: the next name may be.
    }
  }
  return null;
}
