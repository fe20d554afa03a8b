import { seededRandom } from "#shared/training/seeded-random.ts";
import type { MosaicTile, ValidationTile } from "#shared/training/tile-split.ts";
import type { SampleArray } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";
import type { InputLayout } from "./input-layout.ts";
import { aheadOf } from "./read-ahead.ts";
import { rearrangePixels, symmetrySources, type SquareSymmetry } from "./square-symmetry.ts";
import type { TileCache } from "./tile-cache.ts";
import { readTile, type DecodedTile, type TileShape } from "./tile-reader.ts";

/** Batches made before they are asked for: one in the making while two wait. */
const BATCHES_AHEAD = 3;

/**
 * Tiles as one step takes them, the last batch of a pass perhaps fewer. Each array is the receiver's.
 */
export interface TileBatch {
  /** NHWC; 8-bit samples as they are, or float32 after the linear normalization. */
  readonly images: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  /** NHW: output channel a pixel, 255 for what counts for nothing. */
  readonly channels: Uint8Array<ArrayBuffer>;
  /** 1 to `batch`. */
  readonly count: number;
  /** Which tiles these are, in the order of the list that the feed was given. */
  readonly tileIndices: readonly number[];
}

export interface TileFeedOptions {
  readonly shape: TileShape;
  readonly normalization: InputLayout["normalization"];
  readonly batch: number;
  readonly cache: TileCache;
}

/** How one pass over the tiles goes. */
export interface FeedPass {
  /** Null keeps the order of the list and leaves the tiles as they are. */
  readonly shuffle: { readonly seed: number; readonly epoch: number; readonly augment: boolean } | null;
  /** Leaves out this many batches at the start: what a resumed or measured pass has seen. */
  readonly firstBatch?: number;
}

interface OrderedTile {
  readonly index: number;
  readonly symmetry: SquareSymmetry;
}

/** Cuts batches of tiles straight from mosaics and masks, a few ahead of who asks for them. */
export class TileFeed {
  readonly #project: Project;
  readonly #tiles: readonly (MosaicTile | ValidationTile)[];
  readonly #options: TileFeedOptions;
  readonly #sources = new Map<SquareSymmetry, Uint32Array>();

  constructor(project: Project, tiles: readonly (MosaicTile | ValidationTile)[], options: TileFeedOptions) {
    this.#project = project;
    this.#tiles = tiles;
    this.#options = options;
  }

  get batchCount(): number {
    return Math.ceil(this.#tiles.length / this.#options.batch);
  }

  /**
   * One pass over all tiles. The same seed and epoch give the same batches, whatever is cached and however far the pass before got.
   * Leaving the loop stops the reading ahead.
   */
  batches(
    pass: FeedPass,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<TileBatch> {
    const order = this.#order(pass);
    const { batch } = this.#options;
    const first = pass.firstBatch ?? 0;
    return aheadOf(
      this.batchCount - first,
      BATCHES_AHEAD,
      (index, signal) => {
        const start = (first + index) * batch;
        return this.#makeBatch(order.slice(start, start + batch), signal);
      },
      options,
    );
  }

  /** The tiles with these indices as one batch, as they are. */
  batchOf(
    tileIndices: readonly number[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<TileBatch> {
    return this.#makeBatch(
      tileIndices.map((index) => ({ index, symmetry: 0 })),
      options.signal,
    );
  }

  /** One tile as the network sees it, from the cache where it is there. */
  tile(index: number, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<DecodedTile> {
    const tile = this.#tiles[index];
    if (tile === undefined) {
      throw new RangeError(`there is no tile ${index}, only ${this.#tiles.length}`);
    }
    const { x, y } = tile.pixelWindow;
    const counted = "counted" in tile ? `${tile.counted.x},${tile.counted.y}` : "";
    return this.#options.cache.get(`${tile.mosaicId}/${x},${y}/${counted}`, () =>
      readTile(this.#project, tile, this.#options.shape, options),
    );
  }

  #order({ shuffle }: FeedPass): OrderedTile[] {
    const indices = this.#tiles.map((_, index) => index);
    if (shuffle === null) {
      return indices.map((index) => ({ index, symmetry: 0 }));
    }
    const { seed, epoch, augment } = shuffle;
    return seededRandom(seed, "order", epoch)
      .shuffled(indices)
      .map((index) => ({
        index,
        // Drawn for the tile, not in turn, so that turning augmentation off changes no order.
        symmetry: augment ? (seededRandom(seed, "symmetry", epoch, index).integer(8) as SquareSymmetry) : 0,
      }));
  }

  async #makeBatch(items: readonly OrderedTile[], signal: AbortSignal | undefined): Promise<TileBatch> {
    const { shape, normalization } = this.#options;
    const pixels = shape.inputPixels ** 2;
    const bands = shape.bands.length;
    const tiles = await Promise.all(items.map(({ index }) => this.tile(index, { signal })));
    const count = tiles.length;
    const images =
      normalization.kind === "uint8"
        ? new Uint8Array(count * pixels * bands)
        : new Float32Array(count * pixels * bands);
    const channels = new Uint8Array(count * pixels);
    for (const [slot, tile] of tiles.entries()) {
      const symmetry = items[slot]?.symmetry ?? 0;
      const image = images.subarray(slot * pixels * bands, (slot + 1) * pixels * bands);
      const labels = channels.subarray(slot * pixels, (slot + 1) * pixels);
      if (symmetry === 0) {
        image.set(tile.image);
        labels.set(tile.channels);
      } else {
        const sources = this.#symmetrySources(symmetry);
        rearrangePixels(tile.image, bands, sources, image);
        rearrangePixels(tile.channels, 1, sources, labels);
      }
      normalize(image, normalization);
    }
    return { images, channels, count, tileIndices: items.map(({ index }) => index) };
  }

  #symmetrySources(symmetry: SquareSymmetry): Uint32Array {
    const known = this.#sources.get(symmetry);
    if (known !== undefined) {
      return known;
    }
    const sources = symmetrySources(this.#options.shape.inputPixels, symmetry);
    this.#sources.set(symmetry, sources);
    return sources;
  }
}

/** Applies a linear normalization in place; interleaved samples. */
export function normalize(samples: SampleArray, normalization: InputLayout["normalization"]): void {
  if (normalization.kind === "uint8") {
    return;
  }
  const { offset, scale } = normalization;
  const bands = offset.length;
  for (let sample = 0; sample < samples.length; sample += bands) {
    for (let band = 0; band < bands; band++) {
      const value = ((samples[sample + band] as number) - (offset[band] as number)) / (scale[band] as number);
      // A float image may hold NaN or infinity where nobody marked them as nodata: one would spoil the whole network.
      samples[sample + band] = Number.isFinite(value) ? value : 0;
    }
  }
}
