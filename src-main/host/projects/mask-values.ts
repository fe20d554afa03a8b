import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { allocateSamples } from "../../raster/index.ts";
import type { Pixels, Raster } from "../../raster/index.ts";

/** What a mask's pixels are, counted. */
export interface MaskCounts {
  /** Pixels by class id 0–254, only ids that occur. */
  readonly ids: ReadonlyMap<number, number>;
  /** Pixels that are 255 or the mask's nodata. */
  readonly unlabelled: number;
  /** Pixels whose value can't be a class id: above 255, negative, not whole. */
  readonly impossible: number;
}

/** Pixels read at once when a mask is gone through: a few megabytes, whatever the mask's size. */
const PIXELS_AT_ONCE = 2 ** 20;
const LARGEST_ID = 254;
/** Up to this reduction ids are picked from the full resolution. */
const LARGEST_EXACT_REDUCTION = 4;

/**
 * Values of a mask's first band as ids, row-major: 0–255 as they are, nodata and outside 255. `impossible` counts values
 * that no id can be; they come out as 255 too.
 */
export async function readMaskIds(
  mask: Raster,
  request: { readonly pixelWindow: PixelWindow; readonly outputSize?: PixelSize | undefined },
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<{ readonly ids: Uint8Array<ArrayBuffer>; readonly impossible: number }> {
  const { data, valid } = await readNearest(mask, request, options);
  if (data instanceof Uint8Array) {
    return { ids: maskedIds(data, valid), impossible: 0 };
  }
  const ids = new Uint8Array(data.length);
  let impossible = 0;
  for (let index = 0; index < ids.length; index++) {
    if (valid !== null && valid[index] === 0) {
      ids[index] = UNLABELLED_ID;
      continue;
    }
    const value = data[index] ?? UNLABELLED_ID;
    if (value >= 0 && value <= UNLABELLED_ID && value === Math.trunc(value)) {
      ids[index] = value;
    } else {
      ids[index] = UNLABELLED_ID;
      impossible++;
    }
  }
  return { ids, impossible };
}

/** 8-bit values are ids as they stand; a window belongs to whoever read it, so that it can be changed in place. */
function maskedIds(data: Uint8Array, valid: Uint8Array | null): Uint8Array<ArrayBuffer> {
  const ids =
    data.buffer instanceof ArrayBuffer
      ? new Uint8Array(data.buffer, data.byteOffset, data.length)
      : new Uint8Array(data);
  if (valid !== null) {
    // Most windows have few stretches without data: the runtime's own search passes over the rest.
    for (let first = valid.indexOf(0); first >= 0; first = valid.indexOf(0, first)) {
      let end = first + 1;
      while (end < ids.length && valid[end] === 0) {
        end++;
      }
      ids.fill(UNLABELLED_ID, first, end);
      first = end;
    }
  }
  return ids;
}

/**
 * The nearest pixels of the full resolution, as long as that is affordable: a mask's own overviews may have been made by averaging,
 * which invents classes, and training on reduced windows must not see those.
 */
async function readNearest(
  mask: Raster,
  {
    pixelWindow,
    outputSize,
  }: { readonly pixelWindow: PixelWindow; readonly outputSize?: PixelSize | undefined },
  options: { readonly signal?: AbortSignal | undefined },
): Promise<Pick<Pixels, "data" | "valid">> {
  const bands = [mask.description.alphaBand === 0 ? 1 : 0];
  const size = outputSize ?? pixelWindow;
  const [stepX, stepY] = [pixelWindow.width / size.width, pixelWindow.height / size.height];
  const isReduced = stepX > 1 || stepY > 1;
  if (
    mask.description.overviews.length === 0 ||
    !isReduced ||
    Math.max(stepX, stepY) > LARGEST_EXACT_REDUCTION
  ) {
    return mask.readWindow({ pixelWindow, bands, outputSize, resampling: "nearest" }, options);
  }
  const full = await mask.readWindow({ pixelWindow, bands }, options);
  const data = allocateSamples(full.dtype, size.width * size.height);
  const valid = full.valid === null ? null : new Uint8Array(data.length);
  for (let row = 0, to = 0; row < size.height; row++) {
    const line = Math.floor((row + 0.5) * stepY) * pixelWindow.width;
    for (let column = 0; column < size.width; column++, to++) {
      const from = line + Math.floor((column + 0.5) * stepX);
      data[to] = full.data[from] ?? 0;
      if (valid !== null) {
        valid[to] = full.valid?.[from] ?? 0;
      }
    }
  }
  return { data, valid };
}

/** Counts a mask's ids in windows of whole block rows, so that each block is decoded once and memory stays bounded. */
export async function countMask(
  mask: Raster,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: (share: number) => void;
  } = {},
): Promise<MaskCounts> {
  const { width, height, blockSize } = mask.description;
  const blockHeight = blockSize[1];
  const rowsAtOnce = Math.max(1, Math.floor(PIXELS_AT_ONCE / (width * blockHeight))) * blockHeight;
  const histogram = new Float64Array(UNLABELLED_ID + 1);
  let impossible = 0;
  for (let y = 0; y < height; y += rowsAtOnce) {
    options.signal?.throwIfAborted();
    const rows = Math.min(rowsAtOnce, height - y);
    const window = await readMaskIds(mask, { pixelWindow: { x: 0, y, width, height: rows } }, options);
    impossible += window.impossible;
    for (const id of window.ids) {
      histogram[id] = (histogram[id] ?? 0) + 1;
    }
    options.onProgress?.((y + rows) / height);
  }
  const ids = new Map<number, number>();
  for (let id = 0; id <= LARGEST_ID; id++) {
    const pixels = histogram[id] ?? 0;
    if (pixels > 0) {
      ids.set(id, pixels);
    }
  }
  return { ids, unlabelled: (histogram[UNLABELLED_ID] ?? 0) - impossible, impossible };
}
