import type { Tile } from "#shared/contract.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { displayBands, estimateStretch } from "../../raster/index.ts";
import type { BandStretch, Pixels, Raster, Resampling } from "../../raster/index.ts";

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/** Beyond this reduction a mean over all pixels would cost more than it shows, where no overview helps. */
const LARGEST_AVERAGED_REDUCTION = 4;
const OPAQUE = 255;
const LEVELS = 256;

/** Stretches by raster: percentiles of the whole, so that neighbouring tiles match. */
const stretches = new WeakMap<Raster, Promise<readonly BandStretch[]>>();

/** A window of an image as RGBA: 8-bit samples as they are, others from their 2nd to their 98th percentile; no data is transparent. */
export async function imageryTile(
  image: Raster,
  { pixelWindow, size }: { readonly pixelWindow: PixelWindow; readonly size: PixelSize },
  options: Options = {},
): Promise<Tile> {
  const { colorTable } = image.description;
  const data =
    colorTable === null
      ? await stretchedTile(image, pixelWindow, size, options)
      : await paletteTile(image, colorTable, pixelWindow, size, options);
  return { layout: "rgba", width: size.width, height: size.height, data };
}

async function stretchedTile(
  image: Raster,
  pixelWindow: PixelWindow,
  outputSize: PixelSize,
  options: Options,
): Promise<Uint8Array<ArrayBuffer>> {
  const bands = displayBands(image.description);
  const distinct = [...new Set(bands)];
  const pixels = await image.readWindow(
    { pixelWindow, bands: distinct, outputSize, resampling: resamplingFor(image, pixelWindow, outputSize) },
    options,
  );
  const stretch = await stretchOf(image);
  const ofBand = bands.map((band) => stretch[band] ?? { low: 0, high: OPAQUE });
  const offsets = bands.map((band) => distinct.indexOf(band));
  return pixels.data instanceof Uint8Array
    ? rgbaByTable(pixels, pixels.data, ofBand, offsets)
    : rgbaByFormula(pixels, ofBand, offsets);
}

/** Each of 256 values is stretched once. */
function rgbaByTable(
  { width, height, bands, valid }: Pixels,
  data: Uint8Array,
  stretch: readonly BandStretch[],
  offsets: readonly number[],
): Uint8Array<ArrayBuffer> {
  const [red, green, blue] = stretch.map((band) =>
    Uint8ClampedArray.from({ length: LEVELS }, (_, value) => shown(value, band)),
  );
  const [redAt = 0, greenAt = 0, blueAt = 0] = offsets;
  const rgba = new Uint8Array(width * height * 4);
  for (let pixel = 0, from = 0, to = 0; pixel < width * height; pixel++, from += bands, to += 4) {
    if (valid !== null && valid[pixel] === 0) {
      continue;
    }
    rgba[to] = red?.[data[from + redAt] ?? 0] ?? 0;
    rgba[to + 1] = green?.[data[from + greenAt] ?? 0] ?? 0;
    rgba[to + 2] = blue?.[data[from + blueAt] ?? 0] ?? 0;
    rgba[to + 3] = OPAQUE;
  }
  return rgba;
}

function rgbaByFormula(
  { width, height, bands, valid, data }: Pixels,
  stretch: readonly BandStretch[],
  offsets: readonly number[],
): Uint8Array<ArrayBuffer> {
  // Clamped, so that values beyond the percentiles are black and white rather than wrapped.
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    if (valid !== null && valid[pixel] === 0) {
      continue;
    }
    for (let channel = 0; channel < 3; channel++) {
      const value = data[pixel * bands + (offsets[channel] ?? 0)] ?? 0;
      rgba[pixel * 4 + channel] = shown(value, stretch[channel] ?? { low: 0, high: OPAQUE });
    }
    rgba[pixel * 4 + 3] = OPAQUE;
  }
  return new Uint8Array(rgba.buffer);
}

async function paletteTile(
  image: Raster,
  colorTable: Readonly<Record<string, string>>,
  pixelWindow: PixelWindow,
  outputSize: PixelSize,
  options: Options,
): Promise<Uint8Array<ArrayBuffer>> {
  const pixels = await image.readWindow(
    { pixelWindow, bands: [0], outputSize, resampling: "nearest" },
    options,
  );
  const colors = new Map(
    Object.entries(colorTable).map(([value, color]) => [Number(value), Number.parseInt(color.slice(1), 16)]),
  );
  const rgba = new Uint8Array(pixels.width * pixels.height * 4);
  for (let pixel = 0; pixel < pixels.width * pixels.height; pixel++) {
    const color = colors.get(pixels.data[pixel] ?? 0);
    if (color === undefined || (pixels.valid !== null && pixels.valid[pixel] === 0)) {
      continue;
    }
    rgba.set([color >> 16, (color >> 8) & 0xff, color & 0xff, OPAQUE], pixel * 4);
  }
  return rgba;
}

function resamplingFor(image: Raster, pixelWindow: PixelWindow, { width, height }: PixelSize): Resampling {
  const reduction = Math.max(pixelWindow.width / width, pixelWindow.height / height);
  if (reduction <= 1) {
    // Enlarged pixels stay squares: what is being looked at are the pixels.
    return "nearest";
  }
  return reduction > LARGEST_AVERAGED_REDUCTION && image.description.overviews.length === 0
    ? "nearest"
    : "average";
}

function stretchOf(image: Raster): Promise<readonly BandStretch[]> {
  let stretch = stretches.get(image);
  if (stretch === undefined) {
    // Without the tile's signal: the next tile needs it too.
    stretch = estimateStretch(image);
    stretches.set(image, stretch);
    stretch.catch(() => stretches.delete(image));
  }
  return stretch;
}

function shown(value: number, { low, high }: BandStretch): number {
  return ((value - low) / (high - low)) * OPAQUE;
}
