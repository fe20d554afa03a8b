import type { Geotransform } from "#shared/geo/affine.ts";
import { isNorthUp } from "#shared/geo/affine.ts";
import type { Crs } from "#shared/geo/crs.ts";
import type { GeoTags } from "../tiff/geo-tags.ts";

/**
 * Georeferencing tags for a raster that has none of its own to copy: new ones, or those of a plain image with a world file.
 *
 * A CRS without an EPSG code can only be copied from a file's own tags, so it is left out here.
 */
export function geoTagsFor(geotransform: Geotransform | null, crs: Crs): GeoTags {
  const keys = geotransform === null ? null : geoKeyDirectory(crs);
  const base = { geoKeyDirectory: keys, geoDoubleParams: null, geoAsciiParams: null };
  if (geotransform === null) {
    return { ...base, modelPixelScale: null, modelTiepoint: null, modelTransformation: null };
  }
  const [a, b, c, d, e, f] = geotransform;
  // A pixel scale can only say "rows run south".
  return isNorthUp(geotransform) && a > 0 && e < 0
    ? {
        ...base,
        modelPixelScale: Float64Array.of(a, -e, 0),
        modelTiepoint: Float64Array.of(0, 0, 0, c, f, 0),
        modelTransformation: null,
      }
    : {
        ...base,
        modelPixelScale: null,
        modelTiepoint: null,
        modelTransformation: Float64Array.of(a, b, 0, c, d, e, 0, f, 0, 0, 0, 0, 0, 0, 0, 1),
      };
}

function geoKeyDirectory(crs: Crs): Float64Array | null {
  const rasterIsArea = [1025, 0, 1, 1];
  if (crs.kind !== "epsg" || crs.code > 32766) {
    return null;
  }
  const isGeographic = /\+proj=longlat/.test(crs.proj4);
  const keys = [
    [1024, 0, 1, isGeographic ? 2 : 1],
    rasterIsArea,
    [isGeographic ? 2048 : 3072, 0, 1, crs.code],
  ];
  return Float64Array.from([1, 1, 0, keys.length, ...keys.flat()]);
}

/** The tags that put a copy of a raster on exactly the same grid: its own where it has them. */
export function geoTagsLike(raster: {
  readonly geoTags: GeoTags;
  readonly description: { readonly geotransform: Geotransform | null; readonly crs: Crs };
}): GeoTags {
  const { geoTags, description } = raster;
  const hasGrid =
    geoTags.modelTransformation !== null ||
    (geoTags.modelPixelScale !== null && geoTags.modelTiepoint !== null);
  if (hasGrid || description.geotransform === null) {
    return geoTags;
  }
  const made = geoTagsFor(description.geotransform, description.crs);
  return geoTags.geoKeyDirectory === null
    ? made
    : {
        ...made,
        geoKeyDirectory: geoTags.geoKeyDirectory,
        geoDoubleParams: geoTags.geoDoubleParams,
        geoAsciiParams: geoTags.geoAsciiParams,
      };
}
