import { convertsColours, strideOf, type TiffLayout } from "../tiff/layout.ts";
import { compression } from "../tiff/tags.ts";

/**
 * How the blocks of an image are gathered into the units that are read, decoded and cached together.
 *
 * A tile is a unit of its own. Strips are often one row high, so that a window would touch hundreds: neighbouring ones become one
 * unit ("coarse"), unless only every n-th row is wanted ("fine"). Uncompressed strips need no decoding, so their units are
 * any number of rows, down to one.
 */
export interface UnitGrid {
  readonly unitWidth: number;
  readonly unitHeight: number;
  readonly unitsAcross: number;
  readonly unitsDown: number;
  /** Strips in one unit, 1 for tiles; null for uncompressed strips cut into rows. */
  readonly blocksPerUnit: number | null;
}

export type Granularity = "coarse" | "fine";

const coarseUnitBytes = 2 ** 20;

/** The units of an image at the given granularity. */
export function unitGrid(layout: TiffLayout, granularity: Granularity): UnitGrid {
  if (layout.tiled) {
    return {
      unitWidth: layout.blockWidth,
      unitHeight: layout.blockHeight,
      unitsAcross: layout.blocksAcross,
      unitsDown: layout.blocksDown,
      blocksPerUnit: 1,
    };
  }
  const stride = strideOf(layout);
  const rowBytes = Math.ceil((layout.width * stride * layout.bitsPerSample) / 8);
  if (layout.compression === compression.none && !convertsColours(layout)) {
    const rows = granularity === "fine" ? 1 : rowsFor(rowBytes, 1, layout.height);
    return stripUnits(layout, rows, null);
  }
  const blocks = granularity === "fine" ? 1 : rowsFor(rowBytes * layout.blockHeight, 1, layout.blocksDown);
  return stripUnits(layout, blocks * layout.blockHeight, blocks);
}

function rowsFor(bytesEach: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.floor(coarseUnitBytes / bytesEach)));
}

function stripUnits(layout: TiffLayout, unitHeight: number, blocksPerUnit: number | null): UnitGrid {
  return {
    unitWidth: layout.width,
    unitHeight,
    unitsAcross: 1,
    unitsDown: Math.ceil(layout.height / unitHeight),
    blocksPerUnit,
  };
}
