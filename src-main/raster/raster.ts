import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { RasterDescription, RasterDtype } from "#shared/geo/raster-description.ts";
import type { GeoTags } from "./tiff/geo-tags.ts";
import type { SampleArray } from "./typed-pixels.ts";

/** How pixels are made where the output is coarser or finer than the raster. */
export type Resampling =
  /** The pixel whose area holds the output pixel's centre: the only choice for class ids. */
  | "nearest"
  /** The mean of all valid pixels under an output pixel, weighted by the shared area. */
  | "average"
  /** Between the four nearest centres; takes single source pixels when reducing. */
  | "bilinear";

/** What to read. */
export interface WindowRequest {
  /** In pixels of the full resolution; what lies outside the raster comes back invalid. */
  readonly pixelWindow: PixelWindow;
  /** 0-based, in the order wanted; repeats allowed. */
  readonly bands: readonly number[];
  /** Defaults to the window's own size. */
  readonly outputSize?: PixelSize | undefined;
  readonly resampling?: Resampling | undefined;
}

/** Pixels of one window; the arrays belong to the caller. */
export interface Pixels {
  /** `width · height · bands` samples. */
  readonly data: SampleArray;
  readonly layout: "pixel-interleaved";
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly dtype: RasterDtype;
  /** One byte a pixel, 0 for nodata, transparent and outside; null when every pixel is valid. */
  readonly valid: Uint8Array<ArrayBuffer> | null;
}

/** How a window is read. */
export interface ReadWindowOptions {
  /** Windows around here are read again and again, in no order, as a training does: more decoded blocks are kept from now on. */
  readonly comesAgain?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An open raster; close it to let go of its file and cached blocks. */
export interface Raster {
  readonly filePath: string;
  readonly description: RasterDescription;
  /** The file's own georeferencing, to be carried over to exports unchanged. */
  readonly geoTags: GeoTags;
  /** Free-form metadata of the file by name. */
  readonly metadata: Readonly<Record<string, string>>;
  readWindow(request: WindowRequest, options?: ReadWindowOptions): Promise<Pixels>;
  close(): Promise<void>;
}
