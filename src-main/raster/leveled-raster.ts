import type { RasterDescription } from "#shared/geo/raster-description.ts";
import type { ByteSource } from "./byte-source.ts";
import { blockEnvironment } from "./environment.ts";
import { RasterError } from "./raster-error.ts";
import type { Pixels, Raster, ReadWindowOptions, WindowRequest } from "./raster.ts";
import type { Level } from "./tiff/dataset.ts";
import type { GeoTags } from "./tiff/geo-tags.ts";
import type { Validity } from "./window/gather.ts";
import { readWindow } from "./window/read-window.ts";

interface LeveledRasterParts {
  readonly source: ByteSource;
  readonly sidecars: readonly ByteSource[];
  readonly keyPrefix: string;
  readonly description: RasterDescription;
  readonly geoTags: GeoTags;
  readonly metadata: Readonly<Record<string, string>>;
  readonly levels: readonly Level[];
  readonly validity: Validity;
}

/** A raster read from levels of blocks: every TIFF, and images turned into one. */
export class LeveledRaster implements Raster {
  readonly filePath: string;
  readonly geoTags: GeoTags;
  readonly metadata: Readonly<Record<string, string>>;
  readonly source: ByteSource;
  readonly keyPrefix: string;
  readonly #sidecars: ByteSource[];
  readonly #validity: Validity;
  #description: RasterDescription;
  #levels: readonly Level[];
  #closed = false;
  /** Windows being read: what they read from must not be closed under them. */
  readonly #reading = new Set<Promise<unknown>>();

  constructor(parts: LeveledRasterParts) {
    this.filePath = parts.source.filePath;
    this.source = parts.source;
    this.keyPrefix = parts.keyPrefix;
    this.#sidecars = [...parts.sidecars];
    this.#description = parts.description;
    this.geoTags = parts.geoTags;
    this.metadata = parts.metadata;
    this.#levels = parts.levels;
    this.#validity = parts.validity;
  }

  get description(): RasterDescription {
    return this.#description;
  }

  get levels(): readonly Level[] {
    return this.#levels;
  }

  get validity(): Validity {
    return this.#validity;
  }

  /** Adds levels made after opening, as by a pyramid; the raster owns their source from then on. */
  addLevels(levels: readonly Level[], source: ByteSource): void {
    this.#sidecars.push(source);
    this.#setLevels([...this.#levels, ...levels]);
  }

  /** Takes levels away that were added, and closes their source once nobody reads from it any more. */
  async removeLevels(levels: readonly Level[], source: ByteSource): Promise<void> {
    const at = this.#sidecars.indexOf(source);
    if (at < 0) {
      return;
    }
    this.#sidecars.splice(at, 1);
    this.#setLevels(this.#levels.filter((level) => !levels.includes(level)));
    await Promise.allSettled(this.#reading);
    await source.close();
  }

  #setLevels(levels: readonly Level[]): void {
    this.#levels = [...levels].sort((first, second) => second.width - first.width);
    const { width } = this.#description;
    this.#description = {
      ...this.#description,
      overviews: this.#levels.slice(1).map((level) => Math.round(width / level.width)),
    };
  }

  async readWindow(request: WindowRequest, options: ReadWindowOptions = {}): Promise<Pixels> {
    if (options.comesAgain === true) {
      blockEnvironment.memory.grow();
    }
    if (this.#closed) {
      throw new RasterError("invalid-request", this.filePath, "it has been closed");
    }
    const reading = readWindow(
      { filePath: this.filePath, levels: this.#levels, validity: this.#validity },
      request,
      options,
    );
    this.#reading.add(reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(reading);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#levels.forEach(({ pixels, mask }) => {
      pixels.close();
      mask?.close();
    });
    blockEnvironment.memory.cache.deletePrefix(this.keyPrefix);
    await Promise.all([this.source, ...this.#sidecars].map((source) => source.close()));
  }
}
