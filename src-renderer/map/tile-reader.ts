import type { Tile } from "#shared/contract.ts";
import type { MosaicGrid, TilePlan } from "./mosaic-grid.ts";
import { TILE_SIZE, type TileCoordinate, type TileRequest } from "./tile-request.ts";
import { warpTile } from "./warp.ts";

/** Reads a window of one layer of one mosaic, from wherever tiles come from. */
export type ReadWindow = (request: TileRequest, options: { readonly signal: AbortSignal }) => Promise<Tile>;

/** Interleaved bytes a pixel: red, green, blue, alpha; a class id; a class id and a confidence. */
export type Bands = 1 | 2 | 4;

/** The byte that means "nothing here": alpha 0 for colours, "no class" for ids. */
function fillByte(bands: Bands): number {
  return bands === 4 ? 0 : 255;
}

/**
 * The bytes of a tile of a grid, `TILE_SIZE`² pixels in a buffer of their own.
 * Throws when the answer has another number of bands or pixels than was asked for.
 */
export async function readTile(
  grid: MosaicGrid,
  coordinate: TileCoordinate,
  bands: Bands,
  read: ReadWindow,
  options: { readonly signal: AbortSignal },
): Promise<Uint8Array<ArrayBuffer>> {
  const plan: TilePlan = grid.plan(coordinate);
  if (plan.kind === "empty") {
    return new Uint8Array(TILE_SIZE * TILE_SIZE * bands).fill(fillByte(bands));
  }
  const tile = await read(plan.request, options);
  const expected = plan.request.size.width * plan.request.size.height * bands;
  if (tile.data.byteLength !== expected) {
    throw new Error(
      `A tile of ${plan.request.size.width}×${plan.request.size.height} pixels with ${bands} bytes each was expected, ` +
        `but ${tile.data.byteLength} bytes came (${tile.layout}).`,
    );
  }
  if (plan.kind === "copy") {
    return ownBytes(tile.data);
  }
  return warpTile(
    plan.mesh,
    plan.request,
    { width: plan.request.size.width, height: plan.request.size.height, bands, data: tile.data },
    { side: TILE_SIZE, fill: fillByte(bands), resampling: bands === 4 ? "bilinear" : "nearest" },
  );
}

/** A message's bytes may be a view of a larger buffer that a kept tile would hold on to. */
function ownBytes(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return data.buffer instanceof ArrayBuffer && data.buffer.byteLength === data.byteLength
    ? (data as Uint8Array<ArrayBuffer>)
    : new Uint8Array(data);
}
