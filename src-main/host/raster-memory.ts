import type { RasterSettings } from "../raster/index.ts";

/**
 * What the host keeps of decoded blocks: little at first, more once a training reads its tiles. An image of 9000 × 9500 RGB pixels fits, so
 * that its random windows are read as fast as from a library that keeps all of it; the map, pyramids and exports do with less, and a minute
 * after the last tile of a training the memory is given back, so that the host stays below 600 MB (`npm run bench -- raster-windows`, `map-view`, `raster-export`, which take this setting).
 */
export const hostRasterMemory: RasterSettings = {
  cacheBytes: 256 * 2 ** 20,
  cacheStartBytes: 64 * 2 ** 20,
};
