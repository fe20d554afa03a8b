export { openRaster } from "./open-raster.ts";
export { probeEnd } from "./probe-end.ts";
export { RasterError, type RasterErrorCode } from "./raster-error.ts";
export type { Pixels, Raster, ReadWindowOptions, Resampling, WindowRequest } from "./raster.ts";
export { remoteAddress } from "./remote/http-source.ts";
export { addressInLinkFile, isLinkFile } from "./remote/link-file.ts";
export type { RemoteAccess } from "./remote/remote-access.ts";
export { configureRaster, type RasterSettings } from "./environment.ts";
export { allocateSamples, type SampleArray } from "./typed-pixels.ts";
export { crsFromEpsg } from "./crs/epsg.ts";
export { crsFromWkt } from "./crs/from-wkt.ts";
export { metersPerUnit, transformer, wgs84, type CrsTransformer } from "./crs/transformer.ts";
export { createGeoTiffWriter, type GeoTiffWriter } from "./write/geotiff-writer.ts";
export type { GeoTiffOptions } from "./write/geotiff-options.ts";
export { cogTileSize } from "./write/overview-stack.ts";
export type { OverviewResampling } from "./write/decimate.ts";
export { geoTagsFor, geoTagsLike } from "./write/geo-tags-for.ts";
export { eachInParallel } from "./blocks/limiter.ts";
export { SharedLoad } from "./blocks/shared-load.ts";
export { createAtomicFile, writeError } from "./write/atomic-file.ts";
export { sweepLeftovers, temporaryPath } from "./write/temporary-files.ts";
export type { GeoTags } from "./tiff/geo-tags.ts";
export { noGeoTags } from "./tiff/geo-tags.ts";
export {
  tracePolygons,
  vectorExtensions,
  writePolygons,
  type ClassRows,
  type PolygonOptions,
} from "./vector/write-polygons.ts";
export { isBelow } from "./allowed-folders.ts";
export { Breather } from "./vector/breathe.ts";
export { openVectors, readVectorExtensions } from "./vector/reading/open-vectors.ts";
export type { PolygonRings, VectorFile, VectorLayer, VectorValue } from "./vector/reading/vector-layer.ts";
export type { PolygonLayer } from "./vector/polygon-layer.ts";
export { ClassGrid, type ClassGridOptions, type ClassWindow } from "./class-grid/class-grid.ts";
export { sampleStatistics } from "./statistics.ts";
export {
  attachPyramid,
  buildPyramid,
  detachPyramid,
  needsPyramid,
  pyramidFile,
  type PyramidOptions,
  type PyramidOutcome,
} from "./pyramid.ts";
export { listPyramids, sweepInterruptedPyramids, trimPyramids, type PyramidFile } from "./pyramid-files.ts";
