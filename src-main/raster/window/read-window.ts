import { RasterError } from "../raster-error.ts";
import type { Pixels, WindowRequest } from "../raster.ts";
import type { Level } from "../tiff/dataset.ts";
import { averageRows, type SourceRectangle } from "./average.ts";
import { bilinearRows } from "./bilinear.ts";
import { gather, type GatheredPixels, type Validity } from "./gather.ts";

/** The raster that windows are read from, as its levels. */
export interface WindowSource {
  readonly filePath: string;
  /** Full resolution first, then from fine to coarse. */
  readonly levels: readonly Level[];
  readonly validity: Validity;
}

const maxOutputBytes = 2 ** 30;

/** Reads one window at one resolution from the level that fits it best. */
export async function readWindow(
  source: WindowSource,
  request: WindowRequest,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Pixels> {
  options.signal?.throwIfAborted();
  const [full] = source.levels;
  if (full === undefined) {
    throw new RasterError("damaged", source.filePath, "it holds no image");
  }
  checkRequest(source, full, request);
  const { pixelWindow, bands } = request;
  const output = request.outputSize ?? { width: pixelWindow.width, height: pixelWindow.height };
  const { dtype } = full.pixels.layout;
  const gathered = await resampled(source, full, request, output, options);
  return {
    ...gathered,
    layout: "pixel-interleaved",
    width: output.width,
    height: output.height,
    bands: bands.length,
    dtype,
  };
}

async function resampled(
  source: WindowSource,
  full: Level,
  request: WindowRequest,
  output: { readonly width: number; readonly height: number },
  options: { readonly signal?: AbortSignal | undefined },
): Promise<GatheredPixels> {
  const { pixelWindow, bands, resampling = "nearest" } = request;
  const level = levelFor(
    source.levels,
    full,
    pixelWindow.width / output.width,
    pixelWindow.height / output.height,
  );
  const scaleX = level.width / full.width;
  const scaleY = level.height / full.height;
  const rectangle: SourceRectangle = {
    x: pixelWindow.x * scaleX,
    y: pixelWindow.y * scaleY,
    width: pixelWindow.width * scaleX,
    height: pixelWindow.height * scaleY,
  };
  const isExact =
    level === full && output.width === pixelWindow.width && output.height === pixelWindow.height;
  if (resampling === "nearest" || isExact) {
    const columns = centres(rectangle.x, rectangle.width, output.width, level.width);
    const rows = centres(rectangle.y, rectangle.height, output.height, level.height);
    return gather(level, { columns, rows }, bands, source.validity, options);
  }
  const firstColumn = Math.floor(rectangle.x) - 1;
  const columns = consecutive(firstColumn, Math.ceil(rectangle.x + rectangle.width) + 1, level.width);
  const rowsOf = (firstRow: number, endRow: number): Promise<GatheredPixels> =>
    gather(
      level,
      { columns, rows: consecutive(firstRow, endRow, level.height) },
      bands,
      source.validity,
      options,
    );
  const shape = { ...output, bands: bands.length, nodata: source.validity.nodata };
  const { dtype } = level.pixels.layout;
  if (resampling === "average") {
    return averageRows(rectangle, shape, { originX: firstColumn, width: columns.length, dtype }, rowsOf);
  }
  return bilinearRows(
    rectangle,
    shape,
    {
      originX: firstColumn,
      width: columns.length,
      levelWidth: level.width,
      levelHeight: level.height,
      dtype,
    },
    rowsOf,
  );
}

/** The coarsest level that still has at least one pixel for every output pixel. */
function levelFor(levels: readonly Level[], full: Level, reductionX: number, reductionY: number): Level {
  let best = full;
  for (const level of levels) {
    const factorX = full.width / level.width;
    const factorY = full.height / level.height;
    // Sizes of levels are rounded up, so that their factors are a little below the power of two.
    if (factorX <= reductionX * 1.02 && factorY <= reductionY * 1.02 && level.width <= best.width) {
      best = level;
    }
  }
  return best;
}

function centres(start: number, length: number, count: number, limit: number): Int32Array {
  const step = length / count;
  const sources = new Int32Array(count);
  for (let index = 0; index < count; index += 1) {
    const position = Math.floor(start + (index + 0.5) * step);
    sources[index] = position < 0 || position >= limit ? -1 : position;
  }
  return sources;
}

function consecutive(first: number, end: number, limit: number): Int32Array {
  const sources = new Int32Array(end - first);
  for (let position = first; position < end; position += 1) {
    sources[position - first] = position < 0 || position >= limit ? -1 : position;
  }
  return sources;
}

function checkRequest(source: WindowSource, full: Level, request: WindowRequest): void {
  const refuse = (explanation: string): never => {
    throw new RasterError("invalid-request", source.filePath, explanation);
  };
  const { pixelWindow, bands, outputSize } = request;
  const bandCount = full.pixels.layout.bands;
  for (const band of bands) {
    if (!Number.isInteger(band) || band < 0 || band >= bandCount) {
      refuse(`band ${band + 1} requested, but it has ${bandCount} band${bandCount === 1 ? "" : "s"}`);
    }
  }
  if (bands.length === 0) {
    refuse("no band requested");
  }
  const output = outputSize ?? pixelWindow;
  const sizes = [pixelWindow.width, pixelWindow.height, output.width, output.height];
  if (
    !sizes.every((size) => Number.isInteger(size) && size > 0) ||
    !Number.isInteger(pixelWindow.x) ||
    !Number.isInteger(pixelWindow.y)
  ) {
    refuse(
      `expected a window of whole pixels, got ${JSON.stringify(pixelWindow)} to ${JSON.stringify(outputSize ?? null)}`,
    );
  }
  const bytes = output.width * output.height * bands.length * full.pixels.layout.bitsPerSample * 0.125;
  if (bytes > maxOutputBytes) {
    refuse(
      `a window of ${output.width} × ${output.height} pixels and ${bands.length} bands is larger than 1 GB; read it in parts`,
    );
  }
}
