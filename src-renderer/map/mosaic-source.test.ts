import type DataTile from "ol/DataTile.js";
import TileState from "ol/TileState.js";
import { describe, expect, test, vi } from "vitest";
import type { Tile } from "#shared/contract.ts";
import type { MapProjection } from "#shared/project/mosaic.ts";
import { mosaicGrid, type MosaicGrid } from "./mosaic-grid.ts";
import { MosaicSource } from "./mosaic-source.ts";
import { mapProjection } from "./projections.ts";
import type { TileRequest } from "./tile-request.ts";
import { TileStatistics } from "./tile-statistics.ts";

const plane: MapProjection = { code: "PIXEL", name: "pixel coordinates", proj4: null, units: "pixel" };

function gridOf(width: number, height: number): MosaicGrid {
  const grid = mosaicGrid(
    { projection: plane, geotransform: [1, 0, 0, 0, -1, 0] },
    { width, height },
    plane,
    1,
  );
  if (grid === null) {
    throw new Error("the mosaic can't be placed");
  }
  return grid;
}

/** A host that answers when told to, and notes what it was asked. */
class SlowHost {
  readonly asked: { request: TileRequest; answer: (value: number) => void; fail: (reason: Error) => void }[] =
    [];

  readonly read = (request: TileRequest, { signal }: { readonly signal: AbortSignal }): Promise<Tile> =>
    new Promise((resolve, reject) => {
      const { width, height } = request.size;
      this.asked.push({
        request,
        answer: (value) => {
          resolve({ layout: "classes", width, height, data: new Uint8Array(width * height).fill(value) });
        },
        fail: reject,
      });
      signal.addEventListener("abort", () => {
        reject(signal.reason as Error);
      });
    });
}

function setUp(): {
  host: SlowHost;
  source: MosaicSource;
  statistics: TileStatistics;
  failures: string[];
  finest: number;
} {
  const host = new SlowHost();
  const statistics = new TileStatistics();
  const failures: string[] = [];
  const grid = gridOf(1024, 1024);
  const source = new MosaicSource({
    mosaicId: "a",
    grid,
    projection: mapProjection(plane),
    bands: 1,
    read: host.read,
    statistics,
    onChange: () => undefined,
    onFailure: (message) => {
      failures.push(message);
    },
    isPassing: (reason) => reason instanceof Error && reason.message === "disconnected",
  });
  return { host, source, statistics, failures, finest: grid.tileGrid.getMaxZoom() };
}

function tileAt(source: MosaicSource, level: number, column: number, row: number): DataTile {
  const tile = source.getTile(level, column, row, 1, mapProjection(plane));
  if (tile === null) {
    throw new Error("no such tile");
  }
  return tile;
}

/** A frame that wants these tiles, as OpenLayers writes it down. */
function frameWith(...tiles: DataTile[]): Record<string, boolean> {
  return Object.fromEntries(tiles.map((tile) => [tile.getKey(), true]));
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe("MosaicSource", () => {
  test("loads a tile from the pixels below it", async () => {
    const { host, source, finest } = setUp();
    const tile = tileAt(source, finest, 1, 2);
    tile.load();
    expect(host.asked[0]?.request.pixelWindow).toEqual({ x: 256, y: 512, width: 256, height: 256 });
    host.asked[0]?.answer(3);
    await settled();
    expect(tile.getState()).toBe(TileState.LOADED);
    expect((tile.getData() as Uint8Array)[0]).toBe(3);
  });

  test("stops tiles that left the view, and they load again on return", async () => {
    const { host, source, statistics, failures, finest } = setUp();
    const kept = tileAt(source, finest, 0, 0);
    const left = tileAt(source, finest, 1, 0);
    kept.load();
    left.load();
    source.keepOnly(frameWith(kept));
    await settled();
    expect(left.getState()).toBe(TileState.IDLE);
    expect(kept.getState()).toBe(TileState.LOADING);
    expect(statistics.aborted).toBe(1);
    expect(failures).toEqual([]);
    left.load();
    host.asked.at(-1)?.answer(4);
    await settled();
    expect(left.getState()).toBe(TileState.LOADED);
    expect(statistics.pending).toBe(1);
  });

  test("redraws only what shows the changed part, and keeps the old pixels until then", async () => {
    const { host, source, finest } = setUp();
    const tiles = [tileAt(source, finest, 0, 0), tileAt(source, finest, 1, 0)] as const;
    for (const tile of tiles) {
      tile.load();
      host.asked.at(-1)?.answer(1);
    }
    await settled();
    source.invalidate({ x: 300, y: 10, width: 20, height: 20 });
    source.keepOnly(frameWith(...tiles));
    expect(host.asked).toHaveLength(3);
    expect((tiles[1].getData() as Uint8Array)[0]).toBe(1);
    host.asked[2]?.answer(2);
    await settled();
    expect((tiles[1].getData() as Uint8Array)[0]).toBe(2);
    expect((tiles[0].getData() as Uint8Array)[0]).toBe(1);
  });

  test("redraws a tile that was being read while it changed", async () => {
    const { host, source, finest } = setUp();
    const tile = tileAt(source, finest, 0, 0);
    tile.load();
    source.invalidate(null);
    host.asked[0]?.answer(1);
    await settled();
    source.keepOnly(frameWith(tile));
    expect(host.asked).toHaveLength(2);
    host.asked[1]?.answer(2);
    await settled();
    expect((tile.getData() as Uint8Array)[0]).toBe(2);
  });

  test("waits with what is out of view", async () => {
    const { host, source, finest } = setUp();
    const tile = tileAt(source, finest, 0, 0);
    tile.load();
    host.asked[0]?.answer(1);
    await settled();
    source.invalidate(null);
    source.keepOnly({});
    expect(host.asked).toHaveLength(1);
    source.keepOnly(frameWith(tile));
    expect(host.asked).toHaveLength(2);
  });

  test("waits a second before asking a host again that was gone", async () => {
    vi.useFakeTimers();
    try {
      const { host, source, failures, finest } = setUp();
      const tile = tileAt(source, finest, 0, 0);
      tile.load();
      host.asked[0]?.fail(new Error("disconnected"));
      await vi.advanceTimersByTimeAsync(900);
      expect(tile.getState()).toBe(TileState.ERROR);
      await vi.advanceTimersByTimeAsync(200);
      expect(tile.getState()).toBe(TileState.IDLE);
      expect(failures).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("shows nothing where a tile failed, says why, and asks again when told to", async () => {
    const { host, source, failures, finest } = setUp();
    const tile = tileAt(source, finest, 0, 0);
    tile.load();
    host.asked[0]?.fail(new Error("block 3 of ortho.tif is damaged"));
    await settled();
    expect(failures).toEqual(["block 3 of ortho.tif is damaged"]);
    expect(tile.getState()).toBe(TileState.LOADED);
    expect((tile.getData() as Uint8Array)[0]).toBe(255);
    source.retryFailed();
    source.keepOnly(frameWith(tile));
    host.asked[1]?.answer(5);
    await settled();
    expect((tile.getData() as Uint8Array)[0]).toBe(5);
  });
});
