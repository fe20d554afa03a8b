import type { Geotransform } from "#shared/geo/affine.ts";
import { crsLabel, isProjectable, sameCrs } from "#shared/geo/crs.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { transformer, type Raster } from "../../raster/index.ts";
import { readMaskIds } from "../projects/index.ts";
import { tilePlaces, tileSide, type Carry, type TilePlaces } from "../tile-places.ts";
import type { IdSource } from "./compared-rasters.ts";

/** Pixels of the mask that are read at once: where it is far finer than the grid, a tile takes them in steps. */
const mostMaskPixels = 2 ** 24;

/** A mask's ids as they stand. */
export function ownIds(mask: Raster, options: { readonly signal?: AbortSignal | undefined }): IdSource {
  return async (pixelWindow) => (await readMaskIds(mask, { pixelWindow }, options)).ids;
}

/** A mask's ids on another raster's grid, each from the nearest pixel; 255 beside it. Throws `invalid-input` where one of them has no place on the ground. */
export function resampledIds(
  mask: Raster,
  grid: Pick<RasterDescription, "width" | "height" | "geotransform" | "crs">,
  {
    names,
    signal,
  }: { readonly names: readonly [mask: string, grid: string]; readonly signal?: AbortSignal | undefined },
): IdSource {
  const { description } = mask;
  const [own, wanted] = [description.geotransform, grid.geotransform];
  if (own === null || wanted === null) {
    throw new RpcError(
      "invalid-input",
      `${names[0]} and ${names[1]} differ in their grids, and ${own === null ? names[0] : names[1]} doesn't say where it lies: they can't be laid over each other.`,
    );
  }
  const back = carryBack(grid, description, names);
  return async (pixelWindow) => {
    const ids = new Uint8Array(pixelWindow.width * pixelWindow.height).fill(UNLABELLED_ID);
    for (let y = 0; y < pixelWindow.height; y += tileSide) {
      for (let x = 0; x < pixelWindow.width; x += tileSide) {
        await fillTile(ids, pixelWindow, [x, y], { mask, own, wanted, back, signal });
      }
    }
    return ids;
  };
}

function carryBack(
  grid: Pick<RasterDescription, "crs">,
  { crs }: Pick<RasterDescription, "crs">,
  names: readonly [string, string],
): Carry {
  if (!isProjectable(grid.crs) || !isProjectable(crs) || sameCrs(grid.crs, crs)) {
    return (position) => position;
  }
  const found = transformer(grid.crs, crs);
  if (found === null) {
    throw new RpcError(
      "invalid-input",
      `${names[0]} is in ${crsLabel(crs)} and ${names[1]} in ${crsLabel(grid.crs)}, between which positions can't be carried.`,
    );
  }
  return (position) => found.forward(position);
}

async function fillTile(
  ids: Uint8Array,
  pixelWindow: PixelWindow,
  [left, top]: readonly [number, number],
  {
    mask,
    own,
    wanted,
    back,
    signal,
  }: {
    readonly mask: Raster;
    readonly own: Geotransform;
    readonly wanted: Geotransform;
    readonly back: Carry;
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  const places = tilePlaces(
    wanted,
    { size: mask.description, geotransform: own },
    [pixelWindow.x + left, pixelWindow.y + top],
    back,
  );
  if (places === null) {
    return;
  }
  const { columns, rows, window } = places;
  const readBlock = async (block: PixelWindow, maskWindow: PixelWindow | null): Promise<void> => {
    if (maskWindow === null) {
      return;
    }
    signal?.throwIfAborted();
    if (maskWindow.width * maskWindow.height > mostMaskPixels && block.width * block.height > 1) {
      for (const part of quarters(block)) {
        await readBlock(part, maskWindowOf(part, places, mask.description));
      }
      return;
    }
    const { ids: found } = await readMaskIds(mask, { pixelWindow: maskWindow }, { signal });
    for (let y = block.y; y < block.y + block.height; y++) {
      for (let x = block.x; x < block.x + block.width; x++) {
        const column = Math.floor(columns[y * tileSide + x]!) - maskWindow.x;
        const row = Math.floor(rows[y * tileSide + x]!) - maskWindow.y;
        if (column >= 0 && column < maskWindow.width && row >= 0 && row < maskWindow.height) {
          ids[(top + y) * pixelWindow.width + left + x] = found[row * maskWindow.width + column]!;
        }
      }
    }
  };
  const [width, height] = [
    Math.min(tileSide, pixelWindow.width - left),
    Math.min(tileSide, pixelWindow.height - top),
  ];
  await readBlock({ x: 0, y: 0, width, height }, window);
}

function quarters({ x, y, width, height }: PixelWindow): PixelWindow[] {
  const [right, down] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  return [
    { x, y, width: right, height: down },
    { x: x + right, y, width: width - right, height: down },
    { x, y: y + down, width: right, height: height - down },
    { x: x + right, y: y + down, width: width - right, height: height - down },
  ].filter((part) => part.width > 0 && part.height > 0);
}

/** The part of the mask in which the pixel centres of a block of a tile lie; null where none do. */
function maskWindowOf(
  block: PixelWindow,
  { columns, rows }: Pick<TilePlaces, "columns" | "rows">,
  size: PixelSize,
): PixelWindow | null {
  let [firstColumn, firstRow, lastColumn, lastRow] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let y = block.y; y < block.y + block.height; y++) {
    for (let x = block.x; x < block.x + block.width; x++) {
      const column = Math.floor(columns[y * tileSide + x]!);
      const row = Math.floor(rows[y * tileSide + x]!);
      if (column >= 0 && column < size.width && row >= 0 && row < size.height) {
        firstColumn = Math.min(firstColumn, column);
        lastColumn = Math.max(lastColumn, column);
        firstRow = Math.min(firstRow, row);
        lastRow = Math.max(lastRow, row);
      }
    }
  }
  return firstColumn > lastColumn
    ? null
    : {
        x: firstColumn,
        y: firstRow,
        width: lastColumn - firstColumn + 1,
        height: lastRow - firstRow + 1,
      };
}
