import type { Tile } from "#shared/contract.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { shownBands, usualDisplay } from "#shared/project/imagery-display.ts";
import type { BandLimits, ImageryDisplay } from "#shared/project/imagery-display.ts";
import type { Pixels, Raster, Resampling } from "../../raster/index.ts";
import { needsPreview, previewWindow } from "./coarse-preview.ts";
import { shownLimits } from "./shown-limits.ts";

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/** Beyond this reduction a mean over all pixels would cost more than it shows, where no overview helps. */
const LARGEST_AVERAGED_REDUCTION = 4;
const OPAQUE = 255;
/** Steps between black and full brightness: enough that none of 256 levels is missed. */
const STEPS = 4096;

/** A window of an image as RGBA, stretched as the display says; no data is transparent. Palettes have their own colours. */
export async function imageryTile(
  image: Raster,
  request: { readonly pixelWindow: PixelWindow; readonly size: PixelSize },
  display: ImageryDisplay = usualDisplay,
  options: Options = {},
): Promise<Tile> {
  const { pixelWindow, size } = request;
  const { colorTable } = image.description;
  const data =
    colorTable === null
      ? await stretchedTile(image, { pixelWindow, outputSize: size }, display, options)
      : await paletteTile(image, colorTable, pixelWindow, size, options);
  return { layout: "rgba", width: size.width, height: size.height, data };
}

async function stretchedTile(
  image: Raster,
  place: { readonly pixelWindow: PixelWindow; readonly outputSize: PixelSize },
  display: ImageryDisplay,
  options: Options,
): Promise<Uint8Array<ArrayBuffer>> {
  const { pixelWindow, outputSize } = place;
  const bands = shownBands(image.description, display);
  const distinct = [...new Set(bands)];
  const resampling = resamplingFor(image, pixelWindow, outputSize);
  const [pixels, limits] = await Promise.all([
    needsPreview(image, pixelWindow, outputSize)
      ? previewWindow(image, place, distinct, options)
      : image.readWindow({ pixelWindow, bands: distinct, outputSize, resampling }, options),
    shownLimits(image, bands, display.stretch),
  ]);
  const offsets = bands.map((band) => distinct.indexOf(band));
  return rgbaOf(pixels, channelsOf(limits, offsets), brightnessTable(display.gamma));
}

/** Where a channel's samples stand in a pixel, and how a value becomes a step of brightness: `value · scale + shift`. */
interface Channel {
  readonly offset: number;
  readonly scale: number;
  readonly shift: number;
}

/** Red, green and blue; one band is all three. */
function channelsOf(limits: readonly BandLimits[], offsets: readonly number[]): readonly Channel[] {
  return [0, 1, 2].map((index) => {
    const at = limits.length === 1 ? 0 : index;
    const { low, high } = limits[at] ?? { low: 0, high: OPAQUE };
    const scale = (STEPS - 1) / (high - low);
    return { offset: offsets[at] ?? 0, scale, shift: -low * scale };
  });
}

/** Brightness by step; as a power of it, 1 leaves it as it is. */
function brightnessTable(gamma: number): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: STEPS }, (_, step) => (step / (STEPS - 1)) ** (1 / gamma) * OPAQUE);
}

function rgbaOf(
  { width, height, bands, valid, data }: Pixels,
  channels: readonly Channel[],
  brightness: Uint8ClampedArray,
): Uint8Array<ArrayBuffer> {
  const rgba = new Uint8Array(width * height * 4);
  for (const [index, { offset, scale, shift }] of channels.entries()) {
    for (
      let pixel = 0, from = offset, to = index;
      pixel < width * height;
      pixel += 1, from += bands, to += 4
    ) {
      const step = (data[from] as number) * scale + shift + 0.5;
      // Values beyond the limits are black and white, never wrapped; the comparison also takes care of infinity.
      rgba[to] = brightness[step <= 0 ? 0 : step >= STEPS - 1 ? STEPS - 1 : step | 0] as number;
    }
  }
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    if (valid === null || valid[pixel] === 1) {
      rgba[pixel * 4 + 3] = OPAQUE;
    } else {
      rgba.fill(0, pixel * 4, pixel * 4 + 4);
    }
  }
  return rgba;
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
