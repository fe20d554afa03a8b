import { describe, expect, test } from "vitest";
import { tileMesh, warpedTileRequest, warpTile } from "./warp.ts";

/** A block whose byte at (column, row) is 10·row + column. */
function countingBlock(side: number): { width: number; height: number; bands: number; data: Uint8Array } {
  const data = Uint8Array.from(
    { length: side * side },
    (_, index) => Math.floor(index / side) * 10 + (index % side),
  );
  return { width: side, height: side, bands: 1, data };
}

describe("warpedTileRequest", () => {
  const raster = { width: 1000, height: 600 };

  test("asks for the pixels below the mesh and one around them", () => {
    const mesh = tileMesh(4, (across, down) => [100 + across * 50, 200 + down * 25]);
    expect(warpedTileRequest(mesh, raster, 1)).toEqual({
      pixelWindow: { x: 99, y: 199, width: 52, height: 27 },
      size: { width: 52, height: 27 },
    });
  });

  test("keeps to multiples of the decimation and to the raster", () => {
    const mesh = tileMesh(4, (across, down) => [-30 + across * 100, 580 + down * 100]);
    expect(warpedTileRequest(mesh, raster, 4)).toEqual({
      pixelWindow: { x: 0, y: 576, width: 76, height: 24 },
      size: { width: 19, height: 6 },
    });
  });

  test("is null beside the raster and where there is no such place", () => {
    expect(
      warpedTileRequest(
        tileMesh(4, (across, down) => [2000 + across, down]),
        raster,
        1,
      ),
    ).toBeNull();
    expect(
      warpedTileRequest(
        tileMesh(4, () => [Number.NaN, Number.NaN]),
        raster,
        1,
      ),
    ).toBeNull();
  });
});

describe("warpTile", () => {
  const request = { pixelWindow: { x: 0, y: 0, width: 4, height: 4 }, size: { width: 4, height: 4 } };

  test("copies when nothing is to be warped", () => {
    const mesh = tileMesh(2, (across, down) => [across * 4, down * 4]);
    const tile = warpTile(mesh, request, countingBlock(4), { side: 4, fill: 255, resampling: "nearest" });
    expect([...tile]).toEqual([0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33]);
  });

  test("turns by a quarter and never makes up a class", () => {
    // Across the tile runs down the mosaic's rows; down the tile runs against its columns.
    const mesh = tileMesh(2, (across, down) => [(1 - down) * 4, across * 4]);
    const tile = warpTile(mesh, request, countingBlock(4), { side: 4, fill: 255, resampling: "nearest" });
    expect([...tile]).toEqual([3, 13, 23, 33, 2, 12, 22, 32, 1, 11, 21, 31, 0, 10, 20, 30]);
  });

  test("fills what lies outside", () => {
    const mesh = tileMesh(2, (across, down) => [across * 4 + 2, down * 4]);
    const tile = warpTile(mesh, request, countingBlock(4), { side: 4, fill: 255, resampling: "nearest" });
    expect([...tile.subarray(0, 4)]).toEqual([2, 3, 255, 255]);
  });

  test("mixes colours only between opaque pixels", () => {
    const block = {
      width: 2,
      height: 1,
      bands: 4,
      data: Uint8Array.from([0, 0, 0, 255, 100, 200, 40, 255]),
    };
    const narrow = { pixelWindow: { x: 0, y: 0, width: 2, height: 1 }, size: { width: 2, height: 1 } };
    const mesh = tileMesh(2, (across) => [0.5 + across, 0.5]);
    const mixed = warpTile(mesh, narrow, block, { side: 1, fill: 0, resampling: "bilinear" });
    expect([...mixed]).toEqual([50, 100, 20, 255]);
    const transparent = { ...block, data: Uint8Array.from([0, 0, 0, 0, 100, 200, 40, 255]) };
    const kept = warpTile(mesh, narrow, transparent, { side: 1, fill: 0, resampling: "bilinear" });
    expect([...kept]).toEqual([100, 200, 40, 255]);
  });
});
