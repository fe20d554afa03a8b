import type { EncodedBatch } from "../codecs/encoded-batch.ts";
import { RasterError } from "../raster-error.ts";
import { compression } from "../tiff/tags.ts";
import { strideOf, type TiffLayout } from "../tiff/layout.ts";
import type { UnitGrid } from "./block-units.ts";

/** Where one block, or some rows of it, stands in the file. */
interface Piece {
  readonly offset: number;
  /** Zero for a sparse block. */
  readonly length: number;
  readonly rows: number;
}

/** One unit to be read and decoded. */
export interface PlannedUnit {
  readonly key: string;
  readonly plane: number;
  readonly column: number;
  readonly row: number;
  /** Rows inside the image. */
  readonly rows: number;
  readonly pieces: readonly Piece[];
  /** Bytes from the first piece's start to the last piece's end; equal when nothing is stored. */
  readonly start: number;
  readonly end: number;
}

/** Which unit is meant. */
export interface UnitPlace {
  readonly key: string;
  readonly plane: number;
  readonly column: number;
  readonly row: number;
}

/** The file that units are read from, as far as planning goes. */
export interface PlannedFile {
  readonly filePath: string;
  readonly size: number;
}

/**
 * Finds a unit's bytes in the file.
 *
 * @throws RasterError "damaged" when they can't all be there
 */
export function planUnit(
  file: PlannedFile,
  layout: TiffLayout,
  grid: UnitGrid,
  place: UnitPlace,
): PlannedUnit {
  const { plane, column, row } = place;
  const rows = Math.min(grid.unitHeight, layout.height - row * grid.unitHeight);
  const perPlane = layout.blocksAcross * layout.blocksDown;
  const pieces: Piece[] = [];
  if (grid.blocksPerUnit === null) {
    const stride = strideOf(layout);
    const rowBytes = Math.ceil((layout.width * stride * layout.bitsPerSample) / 8);
    const firstRow = row * grid.unitHeight;
    for (let at = firstRow; at < firstRow + rows;) {
      const strip = Math.floor(at / layout.blockHeight);
      const within = at - strip * layout.blockHeight;
      const count = Math.min(layout.blockHeight - within, firstRow + rows - at);
      const block = plane * perPlane + strip;
      pieces.push(planPiece(file, layout, block, within * rowBytes, count * rowBytes, count));
      at += count;
    }
  } else if (layout.tiled) {
    const block = plane * perPlane + row * layout.blocksAcross + column;
    pieces.push(planPiece(file, layout, block, 0, null, layout.blockHeight));
  } else {
    for (let index = 0; index < grid.blocksPerUnit; index += 1) {
      const strip = row * grid.blocksPerUnit + index;
      if (strip < layout.blocksDown) {
        const stripRows = Math.min(layout.blockHeight, layout.height - strip * layout.blockHeight);
        pieces.push(planPiece(file, layout, plane * perPlane + strip, 0, null, stripRows));
      }
    }
  }
  let start = Infinity;
  let end = 0;
  for (const piece of pieces) {
    if (piece.length > 0) {
      start = Math.min(start, piece.offset);
      end = Math.max(end, piece.offset + piece.length);
    }
  }
  return { ...place, rows, pieces, start: end === 0 ? 0 : start, end };
}

function planPiece(
  file: PlannedFile,
  layout: TiffLayout,
  block: number,
  skip: number,
  length: number | null,
  rows: number,
): Piece {
  const offset = layout.blockOffsets[block] as number;
  const stored = layout.blockLengths[block] as number;
  if (stored === 0) {
    return { offset: 0, length: 0, rows };
  }
  if (length !== null && skip + length > stored) {
    throw new RasterError(
      "damaged",
      file.filePath,
      `strip ${block} should hold ${skip + length} bytes, but its length is given as ${stored}`,
    );
  }
  if (!(offset + stored <= file.size)) {
    throw new RasterError(
      "damaged",
      file.filePath,
      `the file is cut short: block ${block} should reach byte ${offset + stored}, but the file ends at ${file.size}`,
    );
  }
  return { offset: offset + skip, length: length ?? Math.min(stored, mostEncodedBytes(layout, rows)), rows };
}

/** What a block may take at most in its codec, so that a declared length of gigabytes isn't read: a decoder is done long before. */
function mostEncodedBytes(layout: TiffLayout, rows: number): number {
  const stride = strideOf(layout);
  const decoded = Math.ceil((layout.blockWidth * stride * layout.bitsPerSample) / 8) * rows;
  switch (layout.compression) {
    case compression.none:
      return Infinity;
    case compression.lzw:
      // Codes of up to 12 bits for a byte each.
      return decoded * 1.5 + roomBytes;
    case compression.ccittRle:
    case compression.ccittFax3:
    case compression.ccittFax4:
      // 9 bits for two pixels, and ends of lines.
      return decoded * 8 + roomBytes;
    default:
      return Math.ceil(decoded * 1.25) + roomBytes;
  }
}

/** Headers, checksums, colour profiles in each block. */
const roomBytes = 2 ** 20;

/** How units are put together. */
export interface BatchLimits {
  /** Units in one batch at most. */
  readonly units: number;
  /** Bytes between the first and the last byte of a batch at most. */
  readonly bytes: number;
  /** Bytes that nobody asked for between two units that one read takes along. */
  readonly gapBytes: number;
}

/** Groups units whose bytes lie close together, so that one read serves them; units that the file leaves out go together. */
export function batchUnits(units: readonly PlannedUnit[], limits: BatchLimits): PlannedUnit[][] {
  const sorted = [...units].sort((first, second) => first.start - second.start);
  const batches: PlannedUnit[][] = [];
  let current: PlannedUnit[] = [];
  let start = 0;
  let end = 0;
  for (const unit of sorted) {
    const fits =
      current.length < limits.units &&
      unit.start - end <= limits.gapBytes &&
      unit.end - start <= limits.bytes &&
      unit.end > 0 === end > 0;
    if (current.length > 0 && fits) {
      current.push(unit);
    } else {
      current = [unit];
      batches.push(current);
      start = unit.start;
      end = unit.start;
    }
    end = Math.max(end, unit.end);
  }
  return batches;
}

/** The first and the end byte of a batch; equal when the file leaves all of it out. */
export function spanOf(batch: readonly PlannedUnit[]): { readonly start: number; readonly end: number } {
  let start = Infinity;
  let end = 0;
  for (const unit of batch) {
    if (unit.end > 0) {
      start = Math.min(start, unit.start);
      end = Math.max(end, unit.end);
    }
  }
  return end === 0 ? { start: 0, end: 0 } : { start, end };
}

/** The batch as decoders take it, with `bytes` read from `start` on. */
export function encodedBatch(
  batch: readonly PlannedUnit[],
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  fill: number,
): EncodedBatch {
  return {
    bytes,
    fill,
    units: batch.map((unit) => {
      let rows = 0;
      const pieces = unit.pieces.map((piece) => {
        rows += piece.rows;
        return {
          from: piece.length === 0 ? 0 : piece.offset - start,
          length: piece.length,
          rows: piece.rows,
        };
      });
      return { rows, pieces };
    }),
  };
}
