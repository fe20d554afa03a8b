import { statfs } from "node:fs/promises";
import path from "node:path";
import type { PyramidCache } from "#shared/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import {
  attachPyramid,
  buildPyramid,
  detachPyramid,
  listPyramids,
  pyramidFile,
  sweepInterruptedPyramids,
  trimPyramids,
} from "../../raster/index.ts";
import type { PyramidOptions, PyramidOutcome, Raster } from "../../raster/index.ts";
import { ChangeSignal } from "../change-signal.ts";
import { readSettings, usualSettings, writeSettings } from "./settings-file.ts";

const MILLISECONDS_BETWEEN_UPDATES = 250;

/** The pyramids that large mosaics have got in the cache directory: bounded, least recently used first to go, clearable. */
export class PyramidCacheStore {
  readonly #folder: string;
  readonly #dataDirectory: string;
  readonly #changes = new ChangeSignal(MILLISECONDS_BETWEEN_UPDATES);
  /** Rasters that read from a pyramid, by its file. */
  readonly #users = new Map<string, Set<WeakRef<Raster>>>();
  #state: PyramidCache;
  #started: Promise<void> | null = null;

  constructor(given: { readonly cacheDirectory: string; readonly dataDirectory: string }) {
    this.#folder = path.join(given.cacheDirectory, "pyramids");
    this.#dataDirectory = given.dataDirectory;
    this.#state = {
      displayPath: this.#folder,
      pyramids: 0,
      usedBytes: 0,
      limitBytes: usualSettings.pyramidCacheBytes,
      freeBytes: null,
    };
  }

  /** What is known now; `refresh` looks at the disk. */
  state(): PyramidCache {
    // Whoever asks first has the disk looked at, and hears of it as a change.
    void this.#start();
    return this.#state;
  }

  onChange(listener: () => void): () => void {
    return this.#changes.listen(listener);
  }

  /** Reads the settings and the folder, and takes away what killed processes left half-made. */
  async refresh(): Promise<PyramidCache> {
    await this.#start();
    await this.#look();
    return this.#state;
  }

  /** Lets an image use the pyramid it has got before, if any. */
  async attach(image: Raster): Promise<boolean> {
    const isAttached = await attachPyramid(image, this.#folder);
    if (isAttached) {
      this.#remember(image);
    }
    return isAttached;
  }

  /**
   * Gives an image a pyramid and makes room for it. Throws `conflict` when the cache is set to hold none, and when this one alone
   * takes more than the limit.
   */
  async build(image: Raster, options: PyramidOptions = {}): Promise<PyramidOutcome> {
    await this.#start();
    const outcome = await buildPyramid(image, this.#folder, options);
    if (outcome.kind === "built" || outcome.kind === "found") {
      this.#remember(image);
      await this.#trim();
      if (outcome.bytes > this.#state.limitBytes) {
        throw new RpcError(
          "conflict",
          `The overviews take ${megabytes(outcome.bytes)}, but the cache may hold ${megabytes(this.#state.limitBytes)}: raise its limit in Storage.`,
        );
      }
    }
    return outcome;
  }

  async setLimit(limitBytes: number): Promise<void> {
    await this.#start();
    this.#state = { ...this.#state, limitBytes };
    await writeSettings(this.#dataDirectory, {
      ...(await readSettings(this.#dataDirectory)),
      pyramidCacheBytes: limitBytes,
    });
    await this.#trim();
  }

  /** Removes every pyramid; says how many bytes that freed. */
  async clear(): Promise<number> {
    await this.#start();
    const freed = await trimPyramids(this.#folder, -1, { beforeRemoval: (file) => this.#release(file) });
    await this.#look();
    return freed;
  }

  close(): void {
    this.#changes.close();
  }

  #start(): Promise<void> {
    this.#started ??= (async () => {
      const { pyramidCacheBytes } = await readSettings(this.#dataDirectory);
      this.#state = { ...this.#state, limitBytes: pyramidCacheBytes };
      await sweepInterruptedPyramids(this.#folder);
      await this.#look();
    })();
    return this.#started;
  }

  async #trim(): Promise<void> {
    await trimPyramids(this.#folder, this.#state.limitBytes, {
      inUse: new Set(this.#users.keys()),
      beforeRemoval: (file) => this.#release(file),
    });
    await this.#look();
  }

  async #look(): Promise<void> {
    const files = await listPyramids(this.#folder);
    const disk = await statfs(this.#folder).catch(() => null);
    this.#state = {
      ...this.#state,
      pyramids: files.filter(({ kind }) => kind === "finished").length,
      usedBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      freeBytes: disk === null ? null : disk.bavail * disk.bsize,
    };
    this.#changes.emit();
  }

  #remember(image: Raster): void {
    const file = pyramidFile(image, this.#folder);
    if (file !== null) {
      const users = this.#users.get(file) ?? new Set();
      users.add(new WeakRef(image));
      this.#users.set(file, users);
    }
  }

  async #release(file: string): Promise<void> {
    const users = this.#users.get(file);
    this.#users.delete(file);
    for (const reference of users ?? []) {
      const image = reference.deref();
      if (image !== undefined) {
        await detachPyramid(image);
      }
    }
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;
}
