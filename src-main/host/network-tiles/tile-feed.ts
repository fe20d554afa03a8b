import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { LabelKnowledge, MosaicTile, ValidationTile } from "#shared/training/tile-split.ts";
import { noAugmentation, type Augmentation, type Sampling } from "#shared/training/training-settings.ts";
import type { SampleArray } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";
import type { InputLayout } from "./input-layout.ts";
import { changeColors, drawColorChange, type ColorChange } from "./color-change.ts";
import { WindowSource } from "./draw-windows.ts";
import { padByMirror } from "./mirror-padding.ts";
import { aheadOf } from "./read-ahead.ts";
import { drawSymmetry, rearrangePixels, symmetrySources, type SquareSymmetry } from "./square-symmetry.ts";
import type { TileCache } from "./tile-cache.ts";
import { IGNORED_CHANNEL, readTile, type DecodedTile, type TileShape } from "./tile-reader.ts";

/** Batches made before they are asked for: one in the making while two wait. */
const BATCHES_AHEAD = 3;

/**
 * Tiles as one step takes them, the last batch of a pass perhaps fewer. Each array is the receiver's.
 */
export interface TileBatch {
  /** NHWC of `networkPixels`; 8-bit samples as they are, or float32 after the linear normalization. */
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
  /** How tiles are varied in passes that are shuffled; without it they are only turned over in their order. */
  readonly variation?: TileVariation;
}

/** Which windows an epoch sees, and what is done to them. */
export interface TileVariation {
  readonly sampling: Sampling;
  readonly augmentation: Augmentation;
  readonly labels: LabelKnowledge | null;
}

/** How one pass over the tiles goes. */
export interface FeedPass {
  /** Null keeps the order of the list and leaves the tiles as they are. */
  readonly shuffle: { readonly seed: number; readonly epoch: number } | null;
  /** Leaves out this many batches at the start: what a resumed or measured pass has seen. */
  readonly firstBatch?: number;
}

interface OrderedTile {
  readonly index: number;
  /** Null for the tile's own. */
  readonly pixelWindow: PixelWindow | null;
  readonly symmetry: SquareSymmetry;
  readonly colors: ColorChange | null;
}

/**
 * Cuts batches of tiles straight from mosaics and masks, a few ahead of who asks for them: the network learns in another process meanwhile.
 */
export class TileFeed {
  readonly #project: Project;
  readonly #tiles: readonly (MosaicTile | ValidationTile)[];
  readonly #options: TileFeedOptions;
  readonly #sources = new Map<SquareSymmetry, Uint32Array>();
  readonly #variation: TileVariation;
  readonly #windows: WindowSource;

  constructor(project: Project, tiles: readonly (MosaicTile | ValidationTile)[], options: TileFeedOptions) {
    this.#project = project;
    this.#tiles = tiles;
    this.#options = options;
    this.#variation = options.variation ?? {
      sampling: "grid",
      augmentation: noAugmentation,
      labels: null,
    };
    const { sampling, augmentation, labels } = this.#variation;
    this.#windows = new WindowSource(tiles, { sampling, scale: augmentation.scale, labels });
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
    return this.#makeBatch(tileIndices.map(unchanged), options.signal);
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
    if (shuffle === null) {
      return this.#tiles.map((_, index) => unchanged(index));
    }
    const { seed, epoch } = shuffle;
    const { sampling, augmentation } = this.#variation;
    const bands = this.#options.shape.bands.length;
    return this.#windows.draw(seed, epoch).map(({ tileIndex, pixelWindow }, position) => {
      // Drawn for the tile, not in turn, so that one augmentation more or less changes nothing of the others; where a tile may come twice, for its place.
      const place = sampling === "grid" ? tileIndex : position;
      return {
        index: tileIndex,
        pixelWindow,
        symmetry: drawSymmetry(augmentation, seed, epoch, place),
        colors: drawColorChange(augmentation, bands, seed, epoch, place),
      };
    });
  }

  /** A window that is drawn anew in each epoch would only fill the cache. */
  #read({ index, pixelWindow }: OrderedTile, signal: AbortSignal | undefined): Promise<DecodedTile> {
    const tile = this.#tiles[index];
    return pixelWindow === null || tile === undefined
      ? this.tile(index, { signal })
      : readTile(this.#project, { mosaicId: tile.mosaicId, pixelWindow }, this.#options.shape, { signal });
  }

  async #makeBatch(items: readonly OrderedTile[], signal: AbortSignal | undefined): Promise<TileBatch> {
    const { shape, normalization } = this.#options;
    const pixels = shape.networkPixels ** 2;
    const bands = shape.bands.length;
    const tiles = await Promise.all(items.map((item) => this.#read(item, signal)));
    const count = tiles.length;
    const images =
      normalization.kind === "uint8"
        ? new Uint8Array(count * pixels * bands)
        : new Float32Array(count * pixels * bands);
    const channels = new Uint8Array(count * pixels);
    for (const [slot, tile] of tiles.entries()) {
      const item = items[slot];
      if (item === undefined) {
        continue;
      }
      const image = images.subarray(slot * pixels * bands, (slot + 1) * pixels * bands);
      const labels = channels.subarray(slot * pixels, (slot + 1) * pixels);
      if (shape.networkPixels === shape.inputPixels) {
        this.#place(tile, item, image, labels);
      } else {
        this.#placePadded(tile, item, image, labels);
      }
      if (item.colors !== null) {
        // Other work of the host, such as map tiles, gets its turn between two tiles.
        await new Promise(setImmediate);
      }
    }
    return { images, channels, count, tileIndices: items.map(({ index }) => index) };
  }

  /** Writes a tile, turned, normalized and coloured as wanted, into its part of a batch. */
  #place(
    tile: DecodedTile,
    { symmetry, colors }: OrderedTile,
    image: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
    labels: Uint8Array<ArrayBuffer>,
  ): void {
    const { normalization, shape } = this.#options;
    const bands = shape.bands.length;
    if (symmetry === 0) {
      image.set(tile.image);
      labels.set(tile.channels);
    } else {
      const sources = this.#symmetrySources(symmetry);
      rearrangePixels(tile.image, bands, sources, image);
      rearrangePixels(tile.channels, 1, sources, labels);
    }
    normalize(image, normalization);
    if (colors !== null) {
      changeColors(image, labels, bands, IGNORED_CHANNEL, colors);
    }
  }

  /** The same for a network that takes larger squares: the rest is the tile's mirror image and counts for nothing. */
  #placePadded(
    tile: DecodedTile,
    item: OrderedTile,
    image: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
    labels: Uint8Array<ArrayBuffer>,
  ): void {
    const { bands, inputPixels, networkPixels } = this.#options.shape;
    const samples = inputPixels ** 2 * bands.length;
    const own = image instanceof Uint8Array ? new Uint8Array(samples) : new Float32Array(samples);
    const ownLabels = new Uint8Array(inputPixels ** 2);
    this.#place(tile, item, own, ownLabels);
    padByMirror(own, bands.length, inputPixels, networkPixels, image);
    labels.fill(IGNORED_CHANNEL);
    for (let row = 0; row < inputPixels; row++) {
      labels.set(ownLabels.subarray(row * inputPixels, (row + 1) * inputPixels), row * networkPixels);
    }
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

function unchanged(index: number): OrderedTile {
  return { index, pixelWindow: null, symmetry: 0, colors: null };
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
