export { openRaster } from "./open-raster.ts";
export { RasterError, type RasterErrorCode } from "./raster-error.ts";
export type { Pixels, Raster, Resampling, WindowRequest } from "./raster.ts";
export { configureRaster, cachedBlockBytes, type RasterSettings } from "./environment.ts";
export { allocateSamples, type SampleArray } from "./typed-pixels.ts";
export { crsFromEpsg } from "./crs/epsg.ts";
export { crsFromWkt } from "./crs/from-wkt.ts";
export { transformer, wgs84, type CrsTransformer } from "./crs/transformer.ts";
