import { setTimeout } from "node:timers/promises";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";

/** Reads class ids of a window at full resolution, row-major; whoever leaves doesn't stop it, as others wait for the same. */
type IdSource = (pixelWindow: PixelWindow) => Promise<Uint8Array>;

/** What several sources show of one mosaic, every few pixels. */
interface Samples {
  /** What they were read from; another word, and they have to be read again. */
  version: string;
  /** As they were asked for last: an older one may go on showing what it was opened with. */
  sources: readonly IdSource[];
  readonly stride: number;
  readonly columns: number;
  readonly rows: number;
  /** By source, row-major; what an earlier version showed where this one hasn't been read. */
  readonly ids: readonly Uint8Array[];
  /** Rows of samples that are of this version. */
  doneRows: number;
  reading: Promise<void> | null;
  /** Why the last reading has ended early; told once. */
  failure: unknown;
  lastAsked: number;
}

/** What is asked for: sources that are read at the same pixels. */
export interface CoarseRequest {
  /** Names the mosaic and the sources. */
  readonly key: string;
  /** Changes with what the sources show. */
  readonly version: string;
  readonly sources: readonly IdSource[];
  readonly raster: PixelSize;
  readonly pixelWindow: PixelWindow;
  readonly size: PixelSize;
}

/** Whether a tile takes its pixels from samples: reading all that lies under it would take about a second or more. */
export function isCoarse({ width, height }: PixelSize): boolean {
  return width * height > 2 ** 25;
}

/** The finest samples: of tiles that are coarse, each pixel has two of them or more across. */
const LEAST_STRIDE = 16;
const MOST_SAMPLES_ACROSS = 4096;
const MOST_BAND_PIXELS = 2 ** 24;
const BAND_ROWS = 512;
/** A tile waits this long for what is being read, so that a mosaic that is soon done is drawn once. */
const PATIENCE_MILLISECONDS = 300;
/** Reading stops when nobody has asked for so long. */
const IDLE_MILLISECONDS = 5000;
const MOST_KEPT = 4;

/**
 * Class ids of large mosaics for tiles that show much of them, from one look at all pixels that all tiles of all coarse zoom levels share.
 *
 * A tile is answered with what has been read so far, from the top, and says that it isn't finished: a gigapixel takes some ten seconds, and nobody waits so long for a first picture.
 */
export class CoarseSamples {
  readonly #kept = new Map<string, Samples>();

  /** The ids of each source in the middle of each pixel of a tile, as exact as the samples are dense; 255 where nothing is, or nothing has been read. */
  async tile(
    request: CoarseRequest,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<{ readonly ids: Uint8Array<ArrayBuffer>[]; readonly unfinished: boolean }> {
    const samples = this.#samples(request);
    samples.lastAsked = performance.now();
    if (samples.doneRows < samples.rows) {
      samples.reading ??= this.#read(samples, request.raster)
        .catch((failure: unknown) => {
          samples.failure = failure;
        })
        .finally(() => {
          samples.reading = null;
        });
      const patience = new AbortController();
      await Promise.race([
        samples.reading,
        setTimeout(PATIENCE_MILLISECONDS, undefined, { signal: patience.signal }).catch(() => undefined),
      ]).finally(() => {
        patience.abort();
      });
      signal.throwIfAborted();
      const { failure } = samples;
      if (failure !== null) {
        samples.failure = null;
        throw failure;
      }
    }
    const rowsNeeded = Math.ceil((request.pixelWindow.y + request.pixelWindow.height) / samples.stride);
    return {
      ids: samples.ids.map((ids) => tileOf(ids, samples, request)),
      unfinished: samples.doneRows < Math.min(samples.rows, rowsNeeded),
    };
  }

  #samples({ key, version, sources, raster }: CoarseRequest): Samples {
    const stride = Math.max(
      LEAST_STRIDE,
      Math.ceil(Math.max(raster.width, raster.height) / MOST_SAMPLES_ACROSS),
    );
    const [columns, rows] = [Math.ceil(raster.width / stride), Math.ceil(raster.height / stride)];
    const before = this.#kept.get(key);
    this.#kept.delete(key);
    const samples: Samples =
      before?.columns === columns && before.rows === rows && before.ids.length === sources.length
        ? before
        : {
            ...{ version, stride, columns, rows, doneRows: 0, reading: null, failure: null, lastAsked: 0 },
            sources,
            ids: sources.map(() => new Uint8Array(columns * rows).fill(UNLABELLED_ID)),
          };
    samples.sources = sources;
    if (samples.version !== version) {
      samples.version = version;
      samples.doneRows = 0;
    }
    this.#kept.set(key, samples);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) {
        break;
      }
      this.#kept.delete(oldest);
    }
    return samples;
  }

  async #read(samples: Samples, raster: PixelSize): Promise<void> {
    const { stride, columns, rows, ids } = samples;
    const most = Math.max(stride, Math.floor(MOST_BAND_PIXELS / raster.width / stride) * stride);
    const bandRows = Math.min(BAND_ROWS, most);
    while (samples.doneRows < rows) {
      if (performance.now() - samples.lastAsked > IDLE_MILLISECONDS) {
        return;
      }
      const { version, doneRows } = samples;
      // Bands end where chunks do, so that none is decoded twice.
      const top = doneRows * stride;
      const bottom = Math.min(raster.height, (Math.floor(top / bandRows) + 1) * bandRows);
      const lastRow = Math.min(rows, Math.ceil(bottom / stride));
      const band = { x: 0, y: top, width: raster.width, height: bottom - top };
      const found = await Promise.all(samples.sources.map((source) => source(band)));
      if (samples.version !== version) {
        continue;
      }
      for (let row = doneRows; row < lastRow; row++) {
        const y = Math.min(bottom - 1, row * stride + (stride >> 1)) - top;
        for (let column = 0; column < columns; column++) {
          const x = Math.min(raster.width - 1, column * stride + (stride >> 1));
          for (const [index, one] of found.entries()) {
            ids[index]![row * columns + column] = one[y * raster.width + x]!;
          }
        }
      }
      samples.doneRows = lastRow;
    }
  }
}

function tileOf(
  ids: Uint8Array,
  { stride, columns, rows }: Samples,
  { pixelWindow, size, raster }: CoarseRequest,
): Uint8Array<ArrayBuffer> {
  const tile = new Uint8Array(size.width * size.height).fill(UNLABELLED_ID);
  const at = (start: number, length: number, count: number, index: number): number =>
    Math.floor(start + ((index + 0.5) * length) / count);
  for (let row = 0; row < size.height; row++) {
    const y = at(pixelWindow.y, pixelWindow.height, size.height, row);
    if (y < 0 || y >= raster.height) {
      continue;
    }
    const from = Math.min(rows - 1, Math.floor(y / stride)) * columns;
    for (let column = 0; column < size.width; column++) {
      const x = at(pixelWindow.x, pixelWindow.width, size.width, column);
      if (x >= 0 && x < raster.width) {
        tile[row * size.width + column] = ids[from + Math.floor(x / stride)]!;
      }
    }
  }
  return tile;
}
