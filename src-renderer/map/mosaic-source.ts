import DataTile from "ol/DataTile.js";
import { getIntersection, type Extent } from "ol/extent.js";
import type Projection from "ol/proj/Projection.js";
import DataTileSource from "ol/source/DataTile.js";
import TileState from "ol/TileState.js";
import { getUid } from "ol/util.js";
import { windowIntersection, type PixelWindow } from "#shared/geo/pixel-window.ts";
import type { MosaicGrid, TilePlan } from "./mosaic-grid.ts";
import { readTile, type Bands, type ReadWindow } from "./tile-reader.ts";
import { tileKey, type TileCoordinate } from "./tile-request.ts";
import type { TileStatistics } from "./tile-statistics.ts";

export interface MosaicSourceOptions {
  readonly mosaicId: string;
  readonly grid: MosaicGrid;
  readonly projection: Projection;
  readonly bands: Bands;
  readonly read: ReadWindow;
  readonly statistics: TileStatistics;
  /** Something about what the source shows has changed: a tile was redrawn in place, there on the map; null when more may have. */
  readonly onChange: (mapExtent: Extent | null) => void;
  /** A tile could not be had; `message` is for the user. */
  readonly onFailure: (message: string) => void;
  /** Whether a failure is only the other side being gone for a while, so that the tile may be asked for again. */
  readonly isPassing: (reason: unknown) => boolean;
  /** Puts what was painted and isn't stored yet onto bytes that were asked for at `since` (of `performance.now`). */
  readonly amend?: (plan: TilePlan, bytes: Uint8Array, since: number) => void;
}

/** A tile on its way, and how to stop it. */
interface Loading {
  readonly coordinate: TileCoordinate;
  readonly controller: AbortController;
}

/** How many tiles of one source are redrawn at the same time, so that a running prediction leaves room for panning. */
const REFRESHES_AT_ONCE = 4;

/** The host is gone: asking it again with every frame would keep the page busy until it is back. */
const RETRY_MILLISECONDS = 1000;

/** A tile was stopped because no frame wanted it any more. */
class TileStopped extends Error {}

/**
 * The tiles of one layer of one mosaic.
 *
 * OpenLayers' loader signal never fires while panning, so this source keeps its own: `keepOnly`, called after every
 * frame, aborts what the frame no longer wants and sets those tiles back to idle so that they load again on return.
 * `invalidate` has tiles redrawn in place: the old pixels stay until the new ones are there.
 */
export class MosaicSource extends DataTileSource {
  readonly #options: MosaicSourceOptions;
  readonly #loading = new Map<string, Loading>();
  readonly #refreshing = new Map<string, Loading>();
  readonly #tiles = new Map<string, WeakRef<DataTile>>();
  readonly #stale = new Map<string, TileCoordinate>();
  readonly #plans = new WeakMap<DataTile, TilePlan>();
  readonly #failed = new Map<string, TileCoordinate>();

  constructor(options: MosaicSourceOptions) {
    super({
      projection: options.projection,
      tileGrid: options.grid.tileGrid,
      tileSize: [256, 256],
      bandCount: options.bands,
      interpolate: options.bands === 4,
      transition: 0,
      wrapX: false,
    });
    this.#options = options;
    this.setLoader((level, column, row) => this.#load({ level, column, row }));
    this.on("tileloadend", ({ tile }) => {
      if (tile instanceof DataTile) {
        this.#remember(tile);
      }
    });
    this.on("tileloaderror", ({ tile }) => {
      const reset = (): void => {
        if (tile.getState() === TileState.ERROR) {
          tile.setState(TileState.IDLE);
          options.onChange(null);
        }
      };
      if (tile instanceof DataTile && tile.getError() instanceof TileStopped) {
        // Later, because OpenLayers' queue must see the error first, or it counts the tile as loading for ever.
        queueMicrotask(reset);
      } else {
        setTimeout(reset, RETRY_MILLISECONDS);
      }
    });
  }

  get mosaicId(): string {
    return this.#options.mosaicId;
  }

  /** How the mosaic lies on the map. */
  get grid(): MosaicGrid {
    return this.#options.grid;
  }

  /** Marks all tiles that show part of a window (null: all) as out of date. */
  invalidate(pixelWindow: PixelWindow | null): void {
    for (const [key, reference] of this.#tiles) {
      const tile = reference.deref();
      if (tile === undefined) {
        this.#tiles.delete(key);
        continue;
      }
      this.#markStale(coordinateOf(tile), pixelWindow);
    }
    for (const { coordinate } of [...this.#loading.values(), ...this.#refreshing.values()]) {
      this.#markStale(coordinate, pixelWindow);
    }
  }

  /** Lets `change` alter the bytes of all tiles there are, in place; those that it says it has altered are drawn anew. */
  alter(change: (plan: TilePlan, bytes: Uint8Array, tile: DataTile) => boolean): void {
    for (const reference of this.#tiles.values()) {
      const tile = reference.deref();
      const bytes = tile?.getData();
      if (tile !== undefined && bytes instanceof Uint8Array && change(this.#planOf(tile), bytes, tile)) {
        tile.dispatchEvent("change");
      }
    }
  }

  /** The bytes of the tiles that a view shows, as far as they are loaded, and what each shows of the map. */
  loadedTiles(
    extent: Extent,
    resolution: number,
  ): { readonly ids: Uint8Array; readonly mapExtent: Extent }[] {
    const { tileGrid, mapExtent: whole } = this.#options.grid;
    const level = tileGrid.getZForResolution(resolution, this.zDirection);
    const found: { ids: Uint8Array; mapExtent: Extent }[] = [];
    tileGrid.forEachTileCoord(getIntersection(extent, whole), level, (tileCoord) => {
      const [, column = 0, row = 0] = tileCoord;
      const ids = this.#tiles.get(tileKey({ level, column, row }))?.deref()?.getData();
      if (ids instanceof Uint8Array) {
        found.push({ ids, mapExtent: tileGrid.getTileCoordExtent(tileCoord) });
      }
    });
    return found;
  }

  /** Tiles that could not be had are asked for again as soon as they are in view. */
  retryFailed(): void {
    for (const [key, coordinate] of this.#failed) {
      this.#stale.set(key, coordinate);
    }
    this.#failed.clear();
  }

  /** Stops what the frame just drawn doesn't want, and redraws what it wants and is out of date, unless that has to wait. Says whether all it wants is as new as is known. */
  keepOnly(
    wantedTiles: Readonly<Record<string, boolean>> | undefined,
    { refresh }: { readonly refresh: boolean } = { refresh: true },
  ): boolean {
    const wanted = (coordinate: TileCoordinate): boolean =>
      wantedTiles?.[`${this.getKey()}/${coordinate.level},${coordinate.column},${coordinate.row}`] === true;
    for (const { coordinate, controller } of [...this.#loading.values(), ...this.#refreshing.values()]) {
      if (!wanted(coordinate)) {
        controller.abort();
      }
    }
    for (const [key, coordinate] of this.#stale) {
      if (!refresh || this.#refreshing.size >= REFRESHES_AT_ONCE) {
        break;
      }
      const tile = this.#tiles.get(key)?.deref();
      if (tile !== undefined && wanted(coordinate) && !this.#refreshing.has(key)) {
        this.#stale.delete(key);
        void this.#refresh(tile, coordinate);
      }
    }
    return ![
      ...this.#stale.values(),
      ...[...this.#refreshing.values()].map(({ coordinate }) => coordinate),
    ].some(wanted);
  }

  /** Stops everything; the source must not be used afterwards. */
  abandon(): void {
    for (const { controller } of [...this.#loading.values(), ...this.#refreshing.values()]) {
      controller.abort();
    }
    this.#stale.clear();
    this.dispose();
  }

  /** The key under which a frame lists the tiles it wants of this source. */
  get wantedKey(): string {
    return getUid(this);
  }

  async #load(coordinate: TileCoordinate): Promise<Uint8Array<ArrayBuffer>> {
    this.#stale.delete(tileKey(coordinate));
    return this.#read(coordinate, this.#loading, (message) => {
      // An empty tile, not an error: OpenLayers would ask for an erroneous one again with every frame.
      this.#failed.set(tileKey(coordinate), coordinate);
      this.#options.onFailure(message);
      return failedTile(this.#options.bands);
    });
  }

  async #refresh(tile: DataTile, coordinate: TileCoordinate): Promise<void> {
    try {
      const bytes = await this.#read(coordinate, this.#refreshing, () => null);
      const shown = tile.getData();
      if (bytes !== null && shown instanceof Uint8Array) {
        shown.set(bytes);
        tile.dispatchEvent("change");
      }
    } catch (reason) {
      const again = (): void => {
        this.#stale.set(tileKey(coordinate), coordinate);
        this.#options.onChange(null);
      };
      if (reason instanceof TileStopped) {
        again();
      } else {
        setTimeout(again, RETRY_MILLISECONDS);
      }
      return;
    }
    this.#options.onChange(this.#options.grid.tileGrid.getTileCoordExtent(tile.getTileCoord()));
  }

  async #read<Failed>(
    coordinate: TileCoordinate,
    register: Map<string, Loading>,
    onFailure: (message: string) => Failed,
  ): Promise<Uint8Array<ArrayBuffer> | Failed> {
    const { grid, bands, read, statistics, isPassing } = this.#options;
    const key = tileKey(coordinate);
    const controller = new AbortController();
    const loading = { coordinate, controller };
    register.set(key, loading);
    statistics.requested += 1;
    statistics.pending += 1;
    const start = performance.now();
    try {
      const bytes = await readTile(grid, coordinate, bands, read, { signal: controller.signal });
      statistics.answered(performance.now() - start);
      this.#options.amend?.(grid.plan(coordinate), bytes, start);
      return bytes;
    } catch (reason) {
      if (controller.signal.aborted) {
        statistics.aborted += 1;
        throw new TileStopped();
      }
      if (isPassing(reason)) {
        throw reason;
      }
      statistics.failed += 1;
      return onFailure(reason instanceof Error ? reason.message : String(reason));
    } finally {
      statistics.pending -= 1;
      if (register.get(key) === loading) {
        register.delete(key);
      }
    }
  }

  /** Plans of warped tiles take hundreds of transformed points each, too many for every step of a stroke. */
  #planOf(tile: DataTile): TilePlan {
    const plan = this.#plans.get(tile) ?? this.#options.grid.plan(coordinateOf(tile));
    this.#plans.set(tile, plan);
    return plan;
  }

  #markStale(coordinate: TileCoordinate, pixelWindow: PixelWindow | null): void {
    const plan = this.#options.grid.plan(coordinate);
    if (plan.kind === "empty") {
      return;
    }
    if (pixelWindow === null || windowIntersection(plan.request.pixelWindow, pixelWindow) !== null) {
      this.#stale.set(tileKey(coordinate), coordinate);
    }
  }

  #remember(tile: DataTile): void {
    this.#tiles.set(tileKey(coordinateOf(tile)), new WeakRef(tile));
    if (this.#tiles.size > 2048) {
      for (const [key, reference] of this.#tiles) {
        if (reference.deref() === undefined) {
          this.#tiles.delete(key);
        }
      }
    }
  }
}

function coordinateOf(tile: DataTile): TileCoordinate {
  const [level = 0, column = 0, row = 0] = tile.getTileCoord();
  return { level, column, row };
}

/** What stands where a tile could not be read: grey stripes for imagery, nothing for classes. */
function failedTile(bands: Bands): Uint8Array<ArrayBuffer> {
  const side = 256;
  const bytes = new Uint8Array(side * side * bands);
  if (bands !== 4) {
    return bytes.fill(255);
  }
  for (let pixel = 0; pixel < side * side; pixel += 1) {
    const striped = ((pixel % side) + Math.floor(pixel / side)) % 16 < 4;
    bytes.set(striped ? [128, 128, 128, 160] : [128, 128, 128, 48], pixel * 4);
  }
  return bytes;
}
