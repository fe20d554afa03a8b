import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { Raster } from "../../raster/index.ts";
import type { TilePredictor } from "../engine/index.ts";
import { normalize, readInput } from "../network-tiles/index.ts";
import { mirrorEdges } from "./mirror-edges.ts";

/**
 * Runs the network over tiles of a raster, at most a batch of them: float32 `[tiles, inputPixels, inputPixels, classes]`, pixel-interleaved. What a tile
 * has outside the raster is mirrored.
 */
export async function predictTiles(
  raster: Raster,
  predictor: TilePredictor,
  tiles: readonly PixelWindow[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Float32Array> {
  const { inputPixels, input } = predictor;
  const bands = input.bands.length;
  const samples = inputPixels ** 2 * bands;
  const length = tiles.length * samples;
  const images = input.normalization.kind === "uint8" ? new Uint8Array(length) : new Float32Array(length);
  await Promise.all(
    tiles.map(async (pixelWindow, slot) => {
      const { data } = await readInput(raster, pixelWindow, { inputPixels, bands: input.bands }, options);
      mirrorEdges(data, bands, inputPixels, pixelWindow, raster.description);
      const image = images.subarray(slot * samples, (slot + 1) * samples);
      image.set(data);
      normalize(image, input.normalization);
    }),
  );
  return predictor.predict(images, tiles.length, options);
}

/** Which pixels have data, at full resolution; read only where the file can say that some have none. */
export async function validPixels(
  raster: Raster,
  pixelWindow: PixelWindow,
  bands: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  const { nodata, alphaBand, hasMaskBand } = raster.description;
  if (nodata === null && alphaBand === null && !hasMaskBand) {
    return null;
  }
  const { valid } = await raster.readWindow({ pixelWindow, bands }, { signal });
  return valid;
}
