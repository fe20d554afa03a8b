import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";

/** A part of a mosaic looked at with `step`×`step` of its pixels as one, so that a tool's work is bounded by what is on screen. */
export interface SampledWindow {
  readonly mosaicId: string;
  /** In mosaic pixels, its corner and, but at the mosaic's edge, its size multiples of `step`. */
  readonly pixelWindow: PixelWindow;
  readonly step: number;
  /** Samples: ⌈window / step⌉. */
  readonly size: PixelSize;
}

/** Pixels that are selected, 1 inside, row-major samples. */
export interface LabelSelection extends SampledWindow {
  readonly mask: Uint8Array<ArrayBuffer>;
}

/** A picture that tools lay over the map: one RGBA pixel a sample. */
export interface RegionPicture extends SampledWindow {
  readonly image: ImageData;
}

/** The most mosaic pixels that a region seen from afar may stand for; beyond it, zoom in. */
export const MOST_REGION_PIXELS = 2 ** 27;

/**
 * The view of a mosaic as samples of about a screen pixel each: `viewed` in mosaic pixels, `scale` mosaic pixels a screen pixel. Null when it
 * stands for too many of the mosaic's pixels.
 */
export function sampledView(mosaicId: string, viewed: PixelWindow, scale: number): SampledWindow | null {
  if (viewed.width * viewed.height > MOST_REGION_PIXELS) {
    return null;
  }
  const step = Math.max(1, Math.round(scale));
  const x = Math.floor(viewed.x / step) * step;
  const y = Math.floor(viewed.y / step) * step;
  const width = viewed.x + viewed.width - x;
  const height = viewed.y + viewed.height - y;
  return {
    mosaicId,
    pixelWindow: { x, y, width, height },
    step,
    size: { width: Math.ceil(width / step), height: Math.ceil(height / step) },
  };
}

/** The sample at a place in mosaic pixels, −1 outside. */
export function sampleAt(
  { pixelWindow, step, size }: SampledWindow,
  [x, y]: readonly [number, number],
): number {
  const column = Math.floor((x - pixelWindow.x) / step);
  const row = Math.floor((y - pixelWindow.y) / step);
  return column < 0 || row < 0 || column >= size.width || row >= size.height ? -1 : row * size.width + column;
}

/** Whether two look at the same samples. */
export function isSameWindow(one: SampledWindow, other: SampledWindow): boolean {
  return (
    one.mosaicId === other.mosaicId &&
    one.step === other.step &&
    one.pixelWindow.x === other.pixelWindow.x &&
    one.pixelWindow.y === other.pixelWindow.y &&
    one.pixelWindow.width === other.pixelWindow.width &&
    one.pixelWindow.height === other.pixelWindow.height
  );
}

/** A selection tinted, with a light and a dark line along its edge. */
export function selectionPicture(selection: LabelSelection): RegionPicture {
  const { mask, size } = selection;
  const { width, height } = size;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (mask[pixel] !== 1) {
      continue;
    }
    const column = pixel % width;
    const isEdge =
      (column > 0 && mask[pixel - 1] === 0) ||
      (column < width - 1 && mask[pixel + 1] === 0) ||
      (pixel >= width && mask[pixel - width] === 0) ||
      (pixel < width * (height - 1) && mask[pixel + width] === 0);
    // Little-endian: alpha, blue, green, red. The edge is dashed, as marching ants that stand still.
    const dash = (column + Math.floor(pixel / width)) % 8 < 4;
    pixels[pixel] = isEdge ? (dash ? 0xff_ff_ff_ff : 0xff_00_00_00) : 0x59_ff_e0_80;
  }
  return { ...selection, image };
}
