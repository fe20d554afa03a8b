import type { Geotransform } from "#shared/geo/affine.ts";
import { determinant } from "#shared/geo/affine.ts";
import type { TiffDirectory } from "./directory.ts";
import { tag } from "./tags.ts";

/**
 * The georeferencing tags of a GeoTIFF as they stand in the file, so that an export can carry them over unchanged.
 *
 * Null where the file lacks the tag.
 */
export interface GeoTags {
  readonly modelPixelScale: Float64Array | null;
  readonly modelTiepoint: Float64Array | null;
  readonly modelTransformation: Float64Array | null;
  readonly geoKeyDirectory: Float64Array | null;
  readonly geoDoubleParams: Float64Array | null;
  readonly geoAsciiParams: string | null;
}

/** The georeferencing tags of a raster that has none. */
export const noGeoTags: GeoTags = {
  modelPixelScale: null,
  modelTiepoint: null,
  modelTransformation: null,
  geoKeyDirectory: null,
  geoDoubleParams: null,
  geoAsciiParams: null,
};

/** A geo key's value: a code, a list of numbers or a text. */
export type GeoKeyValue = number | readonly number[] | string;
export type GeoKeys = ReadonlyMap<number, GeoKeyValue>;

/** Reads the georeferencing tags of a directory. */
export async function readGeoTags(directory: TiffDirectory): Promise<GeoTags> {
  return {
    modelPixelScale: await directory.numbers(tag.modelPixelScale),
    modelTiepoint: await directory.numbers(tag.modelTiepoint),
    modelTransformation: await directory.numbers(tag.modelTransformation),
    geoKeyDirectory: await directory.numbers(tag.geoKeyDirectory),
    geoDoubleParams: await directory.numbers(tag.geoDoubleParams),
    geoAsciiParams: await directory.text(tag.geoAsciiParams),
  };
}

/** The geo keys by number (GeoTIFF 1.1, section 7.1.2); keys that point outside their parameters are left out. */
export function parseGeoKeys(tags: GeoTags): GeoKeys {
  const keys = new Map<number, GeoKeyValue>();
  const directory = tags.geoKeyDirectory;
  if (directory === null || directory.length < 4) {
    return keys;
  }
  const count = Math.min(directory[3] ?? 0, Math.floor((directory.length - 4) / 4));
  for (let index = 0; index < count; index += 1) {
    const [key, location, length, value] = directory.subarray(4 + index * 4, 8 + index * 4);
    if (key === undefined || location === undefined || length === undefined || value === undefined) {
      continue;
    }
    if (location === 0) {
      keys.set(key, value);
    } else if (location === tag.geoDoubleParams && tags.geoDoubleParams !== null) {
      const numbers = [...tags.geoDoubleParams.subarray(value, value + length)];
      const [only] = numbers;
      if (only !== undefined) {
        keys.set(key, numbers.length === 1 ? only : numbers);
      }
    } else if (location === tag.geoAsciiParams && tags.geoAsciiParams !== null) {
      keys.set(key, tags.geoAsciiParams.slice(value, value + length).replace(/[|\0]+$/, ""));
    }
  }
  return keys;
}

/** GTRasterTypeGeoKey: 2 says that tie points name pixel centres. */
const rasterTypeKey = 1025;
const pixelIsPoint = 2;

/**
 * The geotransform of the file's own tags, as GDAL derives it, or null when they give none.
 *
 * Tie points with "pixel is point" name the centre of a pixel; the result always maps the outer corner.
 */
export function geotransformFromTags(tags: GeoTags, keys: GeoKeys): Geotransform | null {
  const outer = outerCornerTransform(tags);
  if (outer === null || !outer.every(Number.isFinite) || determinant(outer) === 0) {
    return null;
  }
  // The identity is what writers leave where nobody told them anything.
  if (outer.join() === "1,0,0,0,1,0") {
    return null;
  }
  if (keys.get(rasterTypeKey) !== pixelIsPoint) {
    return outer;
  }
  const [a, b, c, d, e, f] = outer;
  return [a, b, c - a * 0.5 - b * 0.5, d, e, f - d * 0.5 - e * 0.5];
}

function outerCornerTransform(tags: GeoTags): Geotransform | null {
  const scale = tags.modelPixelScale;
  const tiepoint = tags.modelTiepoint;
  const matrix = tags.modelTransformation;
  if (
    scale !== null &&
    scale.length >= 2 &&
    scale[0] !== 0 &&
    scale[1] !== 0 &&
    tiepoint !== null &&
    tiepoint.length >= 6
  ) {
    const [column = 0, row = 0, , x = 0, y = 0] = tiepoint;
    const scaleX = scale[0] ?? 0;
    // Rows run south whatever the sign says: so GDAL, because writers disagree.
    const scaleY = -Math.abs(scale[1] ?? 0);
    return [scaleX, 0, x - column * scaleX, 0, scaleY, y - row * scaleY];
  }
  if (matrix !== null && matrix.length >= 8) {
    const [a = 0, b = 0, , c = 0, d = 0, e = 0, , f = 0] = matrix;
    return [a, b, c, d, e, f];
  }
  return null;
}
