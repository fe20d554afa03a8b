// The way in for code that needs class grids only: `raster/index.ts` also loads native decoders.
export { ClassGrid, type ClassGridOptions, type ClassWindow } from "./class-grid.ts";
export { RasterError } from "../raster-error.ts";
