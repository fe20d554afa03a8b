import { z } from "zod";

/**
 * An affine map from pixel to map coordinates, as a labelled six-tuple in rasterio's order.
 *
 * `mapX = a·column + b·row + c` and `mapY = d·column + e·row + f`, where (0, 0) is the *outer corner* of the
 * first pixel and (0.5, 0.5) its centre. `b` and `d` are zero for a north-up raster.
 */
export type Geotransform = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** The schema of a geotransform: six finite numbers of an invertible map. */
export const geotransformSchema = z
  .tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()])
  .refine((tuple) => determinant(tuple) !== 0, { message: "expected an invertible geotransform" })
  .readonly();

/** A position in pixels: column to the right, row downwards, fractions allowed. */
export type PixelPosition = readonly [column: number, row: number];

/** A position in the units of a CRS, easting or longitude first. */
export type MapPosition = readonly [x: number, y: number];

/** The map used for images without georeferencing: x is the column, y is minus the row, so that up is up. */
export const pixelGeotransform: Geotransform = [1, 0, 0, 0, -1, 0];

/** Where a pixel position lies on the map. */
export function pixelToMap(geotransform: Geotransform, [column, row]: PixelPosition): MapPosition {
  const [a, b, c, d, e, f] = geotransform;
  return [a * column + b * row + c, d * column + e * row + f];
}

/** Which pixel position a map position falls on. */
export function mapToPixel(geotransform: Geotransform, [x, y]: MapPosition): PixelPosition {
  const [a, b, c, d, e, f] = geotransform;
  const area = determinant(geotransform);
  const right = x - c;
  const up = y - f;
  return [(e * right - b * up) / area, (a * up - d * right) / area];
}

/** The signed area of one pixel in square map units: negative for an image whose rows run south. */
export function determinant(geotransform: Geotransform): number {
  const [a, b, , d, e] = geotransform;
  return a * e - b * d;
}

/** The side lengths of one pixel in map units, along a row and along a column. */
export function pixelSize(geotransform: Geotransform): readonly [alongRow: number, alongColumn: number] {
  const [a, b, , d, e] = geotransform;
  return [Math.hypot(a, d), Math.hypot(b, e)];
}

/** Whether rows run exactly east and columns exactly north-south. */
export function isNorthUp(geotransform: Geotransform): boolean {
  return geotransform[1] === 0 && geotransform[3] === 0;
}

/** The geotransform of the same raster cut or grown so that its first pixel is the given one. */
export function translated(geotransform: Geotransform, [column, row]: PixelPosition): Geotransform {
  const [a, b, , d, e] = geotransform;
  const [x, y] = pixelToMap(geotransform, [column, row]);
  return [a, b, x, d, e, y];
}

/** The geotransform of the same ground seen with pixels larger by the given factors. */
export function decimated(geotransform: Geotransform, factorX: number, factorY: number): Geotransform {
  const [a, b, c, d, e, f] = geotransform;
  return [a * factorX, b * factorY, c, d * factorX, e * factorY, f];
}

/** Whether two geotransforms put every pixel of a raster of this size within a fraction of a pixel of each other. */
export function sameGrid(
  first: Geotransform,
  second: Geotransform,
  size: { readonly width: number; readonly height: number },
  tolerancePixels = 0.01,
): boolean {
  const corners: readonly PixelPosition[] = [
    [0, 0],
    [size.width, 0],
    [0, size.height],
    [size.width, size.height],
  ];
  return corners.every((corner) => {
    const [column, row] = mapToPixel(second, pixelToMap(first, corner));
    return Math.abs(column - corner[0]) <= tolerancePixels && Math.abs(row - corner[1]) <= tolerancePixels;
  });
}
