import type { RasterDtype } from "#shared/geo/raster-description.ts";
import type { GeoTags } from "../tiff/geo-tags.ts";
import type { OverviewResampling } from "./decimate.ts";

/** What a GeoTIFF is to be like. */
export interface GeoTiffOptions {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly dtype: RasterDtype;
  /** Written as they are: take a source's with `geoTagsLike`, make new ones with `geoTagsFor`. */
  readonly geoTags: GeoTags;
  /** Side of a tile in pixels, a multiple of 16; 512 when not given. */
  readonly tileSize?: number;
  readonly compression?: "deflate" | "none";
  /** Deflate's own measure from 1, quick, to 9, small; 6 when not given. */
  readonly compressionLevel?: number;
  /** Differences between neighbours before compression: for imagery, not for class ids. */
  readonly predictor?: "none" | "horizontal";
  readonly nodata?: number | null;
  /** Colour "#rrggbb" of each id; makes a palette image of one uint8 band. */
  readonly colorTable?: Readonly<Record<string, string>> | null;
  readonly categoryNames?: Readonly<Record<string, string>> | null;
  readonly bandNames?: readonly string[];
  /** 0-based band that holds opacity: the last one, or null. */
  readonly alphaBand?: number | null;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly overviews?: OverviewResampling | "none";
  /** Whether offsets have eight bytes: where four don't suffice, unless told otherwise. */
  readonly bigTiff?: "when-needed" | "always";
}
