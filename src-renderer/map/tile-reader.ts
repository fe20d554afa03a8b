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
  const { width, height } = plan.request.size;
  const data = withBands(await read(plan.request, options), bands, width * height);
  if (plan.kind === "copy") {
    return ownBytes(data);
  }
  return warpTile(
    plan.mesh,
    plan.request,
    { width, height, bands, data },
    { side: TILE_SIZE, fill: fillByte(bands), resampling: bands === 4 ? "bilinear" : "nearest" },
  );
}

/** The tile's bytes with as many bands as are drawn; a prediction without confidences gets 0 for each: not known. */
export function withBands(tile: Tile, bands: Bands, pixels: number): Uint8Array {
  const { layout, data } = tile;
  if (bands === 2 && layout === "classes" && data.byteLength === pixels) {
    const doubled = new Uint8Array(pixels * 2);
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      doubled[pixel * 2] = data[pixel] ?? 255;
    }
    return doubled;
  }
  if (data.byteLength !== pixels * bands) {
    throw new Error(
      `A tile of ${pixels} pixels with ${bands} bytes each was expected, but ${data.byteLength} bytes came (${layout}).`,
    );
  }
  return data;
}

/** A message's bytes may be a view of a larger buffer that a kept tile would hold on to. */
function ownBytes(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return data.buffer instanceof ArrayBuffer && data.buffer.byteLength === data.byteLength
    ? (data as Uint8Array<ArrayBuffer>)
    : new Uint8Array(data);
}
