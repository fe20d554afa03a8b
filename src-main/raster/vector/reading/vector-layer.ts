import type { Crs } from "#shared/geo/crs.ts";

/** What a field of a feature says. */
export type VectorValue = string | number | boolean | null;

/** Rings as x, y, x, y … (easting or longitude first), closed or not; what is inside is told by the even-odd rule. */
export type PolygonRings = readonly Float64Array[];

/** Where a feature lies: only polygons are of use here. */
export type VectorGeometry =
  | { readonly kind: "polygons"; readonly polygons: readonly PolygonRings[] }
  | { readonly kind: "none" }
  /** Points, lines, curves. */
  | { readonly kind: "other" };

/** One feature of a vector file. */
export interface VectorFeature {
  readonly values: ReadonlyMap<string, VectorValue>;
  readonly geometry: VectorGeometry;
}

/** How features are read. */
export interface FeatureOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told the share of the layer that has been read, 0–1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** One layer of a vector file; features are read one by one, in the file's order, and never all held. */
export interface VectorLayer {
  readonly name: string;
  readonly crs: Crs;
  /** Throws a RasterError that names the file where it is damaged. */
  features(options?: FeatureOptions): AsyncGenerator<VectorFeature>;
}

/** An open vector file; close it to let go of the file. */
export interface VectorFile {
  readonly filePath: string;
  readonly format: "GeoJSON" | "GeoPackage" | "Shapefile" | "FlatGeobuf";
  readonly layers: readonly VectorLayer[];
  close(): Promise<void>;
}

/** No feature, whatever its file says, may be larger. */
export const mostFeatureBytes = 64 * 2 ** 20;
