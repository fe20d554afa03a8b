import type { SampleArray } from "../typed-pixels.ts";
import { halveInto, type OverviewResampling } from "./decimate.ts";

/** One resolution of a raster, in pixels and tiles. */
export interface LevelSize {
  readonly width: number;
  readonly height: number;
  readonly tilesAcross: number;
  readonly tilesDown: number;
}

/** The full resolution and, when wanted, each half of the one before until one tile holds it. */
export function levelSizes(
  { width, height }: { readonly width: number; readonly height: number },
  tileSize: number,
  withOverviews: boolean,
): LevelSize[] {
  const sizes: LevelSize[] = [];
  let size = { width, height };
  for (;;) {
    sizes.push({
      ...size,
      tilesAcross: Math.ceil(size.width / tileSize),
      tilesDown: Math.ceil(size.height / tileSize),
    });
    if (!withOverviews || (size.width <= tileSize && size.height <= tileSize)) {
      return sizes;
    }
    size = { width: Math.ceil(size.width / 2), height: Math.ceil(size.height / 2) };
  }
}

/** In this order. A raster with a level 512 or 256 px wide has none of 384, since each is half of the one before. */
const tileSizes = [512, 256, 384] as const;

/**
 * Side of a COG's tiles in pixels: 512, but where a level is exactly as wide as a tile and higher than 512 px. Validators (rio-cogeo) take
 * such a column of tiles for strips, GDAL's own as well.
 */
export function cogTileSize(size: { readonly width: number; readonly height: number }): number {
  const looksStriped = (tileSize: number): boolean =>
    levelSizes(size, tileSize, true).some(({ width, height }) => width === tileSize && height > 512);
  return tileSizes.find((tileSize) => !looksStriped(tileSize)) ?? 512;
}

/** A tile of a level. */
export interface LevelTile {
  readonly level: number;
  readonly index: number;
}

/** An overview tile that waits for the rest of the four below it. */
interface Growing {
  readonly samples: SampleArray;
  readonly quarters: Set<number>;
}

/** What overviews are made of, and how. */
export interface OverviewOptions {
  readonly levels: readonly LevelSize[];
  readonly tileSize: number;
  readonly bands: number;
  readonly nodata: number | null;
  /** Weighs means; null where there is none. */
  readonly opacityBand: number | null;
  readonly resampling: OverviewResampling;
  /** Samples of half-done tiles that may wait at once. */
  readonly maxSamples: number;
  readonly blankTile: () => SampleArray;
}

/**
 * Builds overview tiles while the finer ones come: each is finished as soon as the last of the four below it is there, so that none has
 * to be decompressed again. Rows of tiles leave about a row of half-done ones; an order that would leave more than `maxSamples` has some put off:
 * `stale` tells those, to be built from what was written.
 */
export class OverviewStack {
  readonly #given: OverviewOptions;
  readonly #growing: Map<number, Growing>[];
  readonly #putOff: Set<number>[];
  #samples = 0;

  constructor(given: OverviewOptions) {
    this.#given = given;
    this.#growing = given.levels.map(() => new Map<number, Growing>());
    this.#putOff = given.levels.map(() => new Set<number>());
  }

  /**
   * Goes on from tiles that are there already: those above them that aren't are put off, since what had been gathered for them is
   * gone.
   */
  goOn(there: {
    has(level: number, index: number): boolean;
    indicesOf(level: number): readonly number[];
  }): void {
    for (const level of this.#given.levels.keys()) {
      for (const index of there.indicesOf(level)) {
        const parent = this.#parentOf({ level, index });
        if (parent !== null && !there.has(parent.level, parent.index)) {
          this.#putOffFrom(parent);
        }
      }
    }
  }

  /** Takes a tile in; answers the overview tile that is complete with it, if one is. */
  add(
    { level, index }: LevelTile,
    tile: SampleArray,
  ): (LevelTile & { readonly samples: SampleArray }) | null {
    const parent = this.#parentOf({ level, index });
    if (parent === null || this.#putOff[parent.level]?.has(parent.index) === true) {
      return null;
    }
    const growing = this.#growing[parent.level]?.get(parent.index) ?? this.#start(parent);
    if (growing === null) {
      return null;
    }
    this.#halve({ level, index }, tile, growing.samples);
    growing.quarters.add(parent.quarter);
    if (growing.quarters.size < this.#quartersOf(parent)) {
      return null;
    }
    this.#end(parent);
    return { level: parent.level, index: parent.index, samples: growing.samples };
  }

  /** Says that a tile was written a second time: what was built from it is to be built again. */
  forget(tile: LevelTile): void {
    const parent = this.#parentOf(tile);
    if (parent !== null) {
      this.#putOffFrom(parent);
    }
  }

  /** Half-done tiles of a level as they are, for whoever knows that the missing quarters are blank. */
  flush(level: number): (LevelTile & { readonly samples: SampleArray })[] {
    const rest = [...(this.#growing[level] ?? [])].map(([index, { samples }]) => ({ level, index, samples }));
    rest.forEach((tile) => {
      this.#end(tile);
    });
    return rest;
  }

  /** Tiles of a level that must be built from the finer level as it was written. */
  stale(level: number): readonly number[] {
    return [...(this.#putOff[level] ?? [])];
  }

  /** Builds one tile from the up to four below it. */
  async rebuild(
    { level, index }: LevelTile,
    read: (index: number) => Promise<SampleArray>,
  ): Promise<SampleArray> {
    const target = this.#given.blankTile();
    const finer = this.#levelAt(level - 1);
    const { tilesAcross } = this.#levelAt(level);
    for (let quarter = 0; quarter < 4; quarter += 1) {
      const column = (index % tilesAcross) * 2 + (quarter & 1);
      const row = Math.floor(index / tilesAcross) * 2 + (quarter >> 1);
      if (column < finer.tilesAcross && row < finer.tilesDown) {
        const child = row * finer.tilesAcross + column;
        this.#halve({ level: level - 1, index: child }, await read(child), target);
      }
    }
    return target;
  }

  #start(tile: LevelTile): Growing | null {
    const { blankTile, maxSamples, tileSize, bands } = this.#given;
    if (this.#samples + tileSize * tileSize * bands > maxSamples) {
      this.#putOffFrom(tile);
      return null;
    }
    const growing = { samples: blankTile(), quarters: new Set<number>() };
    this.#growing[tile.level]?.set(tile.index, growing);
    this.#samples += growing.samples.length;
    return growing;
  }

  #end({ level, index }: LevelTile): void {
    const growing = this.#growing[level]?.get(index);
    if (growing !== undefined) {
      this.#samples -= growing.samples.length;
      this.#growing[level]?.delete(index);
    }
  }

  /** Puts a tile off, and with it all those that hold it. */
  #putOffFrom(tile: LevelTile): void {
    for (let above: LevelTile | null = tile; above !== null; above = this.#parentOf(above)) {
      this.#end(above);
      this.#putOff[above.level]?.add(above.index);
    }
  }

  #parentOf({ level, index }: LevelTile): (LevelTile & { readonly quarter: number }) | null {
    const above = this.#given.levels[level + 1];
    if (above === undefined) {
      return null;
    }
    const { tilesAcross } = this.#levelAt(level);
    const [column, row] = [index % tilesAcross, Math.floor(index / tilesAcross)];
    return {
      level: level + 1,
      index: (row >> 1) * above.tilesAcross + (column >> 1),
      quarter: (column & 1) + 2 * (row & 1),
    };
  }

  /** How many tiles lie below one: four, fewer at the right and lower edge. */
  #quartersOf({ level, index }: LevelTile): number {
    const { tilesAcross } = this.#levelAt(level);
    const finer = this.#levelAt(level - 1);
    const across = Math.min(2, finer.tilesAcross - (index % tilesAcross) * 2);
    const down = Math.min(2, finer.tilesDown - Math.floor(index / tilesAcross) * 2);
    return across * down;
  }

  #halve({ level, index }: LevelTile, tile: SampleArray, target: SampleArray): void {
    const { tileSize, bands, resampling, nodata, opacityBand } = this.#given;
    const { width, height, tilesAcross } = this.#levelAt(level);
    const [column, row] = [index % tilesAcross, Math.floor(index / tilesAcross)];
    const insideWidth = Math.min(tileSize, width - column * tileSize);
    const insideHeight = Math.min(tileSize, height - row * tileSize);
    halveInto(
      {
        samples: cropped(tile, tileSize, insideWidth, insideHeight, bands),
        width: insideWidth,
        height: insideHeight,
        bands,
      },
      { samples: target, width: tileSize, height: tileSize, bands },
      (column & 1) * (tileSize / 2),
      (row & 1) * (tileSize / 2),
      resampling,
      nodata,
      opacityBand,
    );
  }

  #levelAt(level: number): LevelSize {
    const size = this.#given.levels[level];
    if (size === undefined) {
      throw new Error(`there is no level ${level}`);
    }
    return size;
  }
}

function cropped(
  samples: SampleArray,
  stride: number,
  width: number,
  height: number,
  bands: number,
): SampleArray {
  if (width === stride) {
    return samples.subarray(0, width * height * bands);
  }
  const part = samples.slice(0, width * height * bands);
  for (let row = 0; row < height; row += 1) {
    part.set(samples.subarray(row * stride * bands, (row * stride + width) * bands), row * width * bands);
  }
  return part;
}
