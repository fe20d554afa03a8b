import { determinant, pixelToMap, type Geotransform, type MapPosition } from "#shared/geo/affine.ts";
import { crsLabel, sameCrs, type Crs } from "#shared/geo/crs.ts";
import type { MergeRule } from "#shared/project/export-options.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { cogTileSize, createGeoTiffWriter, transformer, type GeoTiffOptions } from "../../raster/index.ts";
import { tilePlaces, type Carry, type TilePlaces } from "../tile-places.ts";
import type { ClassSource } from "./class-source.ts";

/** One mask of a merge with its place. */
export interface PlacedSource {
  readonly name: string;
  readonly source: ClassSource;
  readonly geotransform: Geotransform;
  readonly crs: Crs;
}

/** The place of a mask, without its pixels. */
export type Placed = Omit<PlacedSource, "source"> & {
  readonly source: Pick<ClassSource, "width" | "height">;
};

/** The grid that a merge writes. */
export interface MergeGrid {
  readonly crs: Crs;
  readonly geotransform: Geotransform;
  readonly width: number;
  readonly height: number;
}

const largestSide = 2_000_000;

/**
 * The grid on which masks are merged: the CRS and pixel size of the first, north up, round all of them. Pixels of the first, and of others on the
 * same grid, stay exactly what they are. Throws `invalid-input` where a mask has no CRS to be carried from.
 */
export function mergeGrid(sources: readonly Placed[]): MergeGrid {
  const [first] = sources;
  if (first === undefined) {
    throw new RpcError("invalid-input", "There is nothing to merge: name at least one mask.");
  }
  const [a, b, c, d, e, f] = first.geotransform;
  const isUpright = b === 0 && d === 0 && a > 0 && e < 0;
  const side = Math.sqrt(Math.abs(determinant(first.geotransform)));
  const stepX = isUpright ? a : side;
  const stepY = isUpright ? -e : side;
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const placed of sources) {
    const carry = carrier(placed, first.crs);
    for (const [x, y] of rim(placed)) {
      const [toX, toY] = carry([x, y]) ?? [NaN, NaN];
      if (!Number.isFinite(toX + toY)) {
        throw new RpcError(
          "invalid-input",
          `${placed.name} can't be carried to ${crsLabel(first.crs)}: a part of it has no place there.`,
        );
      }
      minX = Math.min(minX, toX);
      maxX = Math.max(maxX, toX);
      minY = Math.min(minY, toY);
      maxY = Math.max(maxY, toY);
    }
  }
  // Whole pixels from the first mask's corner, so that its pixels are the merged file's; a millionth is rounding.
  const [originX, originY] = isUpright ? [c, f] : [minX, maxY];
  const left = Math.floor((minX - originX) / stepX + 1e-6);
  const right = Math.ceil((maxX - originX) / stepX - 1e-6);
  const top = Math.floor((originY - maxY) / stepY + 1e-6);
  const bottom = Math.ceil((originY - minY) / stepY - 1e-6);
  const [width, height] = [right - left, bottom - top];
  if (width > largestSide || height > largestSide) {
    throw new RpcError(
      "invalid-input",
      `The masks lie too far apart: one file round all of them would be ${width} × ${height} px.`,
    );
  }
  return {
    crs: first.crs,
    geotransform: [stepX, 0, originX + left * stepX, 0, -stepY, originY - top * stepY],
    width,
    height,
  };
}

/** From a mask's CRS to another, or the identity where both are one. */
function carrier(
  { name, crs }: Pick<Placed, "name" | "crs">,
  to: Crs,
): (position: MapPosition) => MapPosition | null {
  if (sameCrs(crs, to)) {
    return (position) => position;
  }
  const found = transformer(crs, to);
  if (found === null) {
    throw new RpcError(
      "invalid-input",
      `${name} can't be merged: its coordinate system is ${crsLabel(crs)}, the first mask's ${crsLabel(to)}.`,
    );
  }
  return (position) => found.forward(position);
}

function rim({ source, geotransform }: Placed): MapPosition[] {
  const steps = 21;
  return Array.from({ length: steps }, (_, index) => index / (steps - 1)).flatMap((share) => [
    pixelToMap(geotransform, [share * source.width, 0]),
    pixelToMap(geotransform, [share * source.width, source.height]),
    pixelToMap(geotransform, [0, share * source.height]),
    pixelToMap(geotransform, [source.width, share * source.height]),
  ]);
}

/**
 * Writes several masks as one Cloud Optimized GeoTIFF, tile by tile, each pixel from the nearest one of a mask. 255 is transparent.
 * Nothing is left behind when it fails.
 */
export async function mergeMasks(
  filePath: string,
  sources: readonly PlacedSource[],
  rule: MergeRule,
  grid: MergeGrid,
  fileOptions: Omit<GeoTiffOptions, "width" | "height" | "tileSize">,
  options: {
    readonly beforeRename?: (() => Promise<void>) | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: (share: number) => void;
  },
): Promise<void> {
  const { width, height } = grid;
  // The first wins where it is painted last.
  const painted = rule === "first" ? [...sources].reverse() : sources;
  const backs = painted.map((placed) => carrier({ ...placed, crs: grid.crs }, placed.crs));
  const writer = await createGeoTiffWriter(filePath, {
    ...fileOptions,
    width,
    height,
    tileSize: cogTileSize(grid),
  });
  const side = writer.tileSize;
  try {
    for (let row = 0; row < writer.tilesDown; row += 1) {
      for (let column = 0; column < writer.tilesAcross; column += 1) {
        options.signal?.throwIfAborted();
        const ids = new Uint8Array(side * side).fill(UNLABELLED_ID);
        const best = new Uint8Array(rule === "most-confident" ? ids.length : 0);
        for (const [index, placed] of painted.entries()) {
          const places = tilePlaces(
            grid.geotransform,
            { size: placed.source, geotransform: placed.geotransform },
            [column * side, row * side],
            backs[index] as Carry,
            side,
          );
          if (places !== null) {
            await paint(ids, best, placed, places, rule, options);
          }
        }
        await writer.writeTile(column, row, ids);
        options.onProgress?.(
          (row * writer.tilesAcross + column + 1) / (writer.tilesAcross * writer.tilesDown),
        );
      }
    }
    await writer.finish({ beforeRename: options.beforeRename, signal: options.signal });
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function paint(
  ids: Uint8Array,
  best: Uint8Array,
  { source }: PlacedSource,
  { columns, rows, window }: TilePlaces,
  rule: MergeRule,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const own = await source.readIds(window, options);
  const confidence = rule === "most-confident" ? await source.readConfidence(window, options) : null;
  for (let at = 0; at < ids.length; at += 1) {
    const column = Math.floor(columns[at] as number) - window.x;
    const row = Math.floor(rows[at] as number) - window.y;
    if (!(column >= 0 && column < window.width && row >= 0 && row < window.height)) {
      continue;
    }
    const from = row * window.width + column;
    const id = own[from] as number;
    if (id === UNLABELLED_ID) {
      continue;
    }
    if (rule !== "most-confident") {
      ids[at] = id;
      continue;
    }
    // Equally sure: the first stays.
    const sure = confidence === null ? 0 : (confidence[from] as number);
    if (ids[at] === UNLABELLED_ID || sure > (best[at] as number)) {
      ids[at] = id;
      best[at] = sure;
    }
  }
}
