import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import type { Raster, ReadWindowOptions, SampleArray } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";

/** The label of pixels that count neither in the loss nor in a metric. */
export const IGNORED_CHANNEL = 255;

/** A tile as the network sees it, but for normalization; whoever holds it must not write to it. */
export interface DecodedTile {
  /** Samples of the file's own type, `inputPixels² · bands`, pixel-interleaved; 0 where there is no data. */
  readonly image: SampleArray;
  /** Output channel a pixel, 255 for what counts for nothing; `inputPixels²`. */
  readonly channels: Uint8Array;
}

/** How tiles are cut, the same for all of a run. */
export interface TileShape {
  /** Side of what a tile is scaled to. */
  readonly inputPixels: number;
  /** Side of the square that the network takes: a multiple of its stride, so perhaps a little more; the rest is mirrored. */
  readonly networkPixels: number;
  readonly bands: readonly number[];
  /** Output channel of each class id, 255 for ignored classes and for ids that are none. */
  readonly channelOfId: Uint8Array;
}

/** Output channels in the order of the classes, ignored ones left out. */
export function channelsOfClasses(classes: readonly LandClass[]): Uint8Array {
  const channelOfId = new Uint8Array(256).fill(IGNORED_CHANNEL);
  for (const [channel, { id }] of classes.filter(({ ignore }) => !ignore).entries()) {
    channelOfId[id] = channel;
  }
  return channelOfId;
}

/**
 * Cuts one tile from mosaic and mask: the image averaged, the mask by nearest pixel, so that no class is made up between two others. Pixels without
 * image data, and those outside `counted`, count for nothing.
 */
export async function readTile(
  project: Project,
  tile: { readonly mosaicId: string; readonly pixelWindow: PixelWindow; readonly counted?: PixelWindow },
  shape: TileShape,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<DecodedTile> {
  const { inputPixels, channelOfId } = shape;
  const { mosaicId, pixelWindow } = tile;
  const [pixels, labels] = await Promise.all([
    readInput(await project.image(mosaicId), pixelWindow, shape, { ...options, comesAgain: true }),
    project.readLabels(
      mosaicId,
      { pixelWindow, outputSize: { width: inputPixels, height: inputPixels } },
      options,
    ),
  ]);
  const { data: image, valid } = pixels;
  const channels = new Uint8Array(labels.length);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const isValid = valid === null || valid[pixel] === 1;
    channels[pixel] = isValid ? (channelOfId[labels[pixel] as number] as number) : IGNORED_CHANNEL;
  }
  if (tile.counted !== undefined) {
    ignoreOutside(channels, inputPixels, pixelWindow, tile.counted);
  }
  return { image, channels };
}

/** Reads a square window as network input, before normalization: `valid` says which pixels have data, null for all. */
export async function readInput(
  raster: Raster,
  pixelWindow: PixelWindow,
  { inputPixels, bands }: Pick<TileShape, "inputPixels" | "bands">,
  options: ReadWindowOptions = {},
): Promise<{ readonly data: SampleArray; readonly valid: Uint8Array | null }> {
  const resampling =
    inputPixels < pixelWindow.width ? "average" : inputPixels > pixelWindow.width ? "bilinear" : "nearest";
  const { data, valid } = await raster.readWindow(
    { pixelWindow, bands, outputSize: { width: inputPixels, height: inputPixels }, resampling },
    options,
  );
  if (valid !== null) {
    for (let pixel = 0; pixel < valid.length; pixel++) {
      if (valid[pixel] === 0) {
        data.fill(0, pixel * bands.length, (pixel + 1) * bands.length);
      }
    }
  }
  return { data, valid };
}

/** A pixel of the input belongs to where its centre lies, as for the nearest neighbour. */
function ignoreOutside(
  channels: Uint8Array,
  inputPixels: number,
  pixelWindow: PixelWindow,
  counted: PixelWindow,
): void {
  if (counted.width === pixelWindow.width && counted.height === pixelWindow.height) {
    return;
  }
  const scale = pixelWindow.width / inputPixels;
  for (let row = 0; row < inputPixels; row++) {
    const y = pixelWindow.y + Math.floor((row + 0.5) * scale);
    const isRowInside = y >= counted.y && y < counted.y + counted.height;
    for (let column = 0; column < inputPixels; column++) {
      const x = pixelWindow.x + Math.floor((column + 0.5) * scale);
      if (!isRowInside || x < counted.x || x >= counted.x + counted.width) {
        channels[row * inputPixels + column] = IGNORED_CHANNEL;
      }
    }
  }
}
