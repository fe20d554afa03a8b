import { convertsColours, strideOf, type BlockFormat } from "../tiff/layout.ts";
import { compression } from "../tiff/tags.ts";
import { samplesOver, type SampleArray } from "../typed-pixels.ts";
import { joinPieces } from "./decode-units.ts";
import { bytesOf, type EncodedBatch, type EncodedUnit } from "./encoded-batch.ts";
import { hasWholeType, hostIsLittleEndian } from "./samples.ts";

/** Whether the file's bytes are samples as they lie there: nothing to decode, nothing to turn round. */
export function isPlain(format: BlockFormat): boolean {
  return (
    format.compression === compression.none &&
    !convertsColours(format) &&
    format.fillOrder === 1 &&
    hasWholeType(format) &&
    (format.bitsPerSample === 8 || format.littleEndian === hostIsLittleEndian)
  );
}

/** The samples of units as views of the batch's bytes wherever that can be. */
export function plainUnits(format: BlockFormat, batch: EncodedBatch): SampleArray[] {
  return batch.units.map((unit) => {
    checkLengths(format, unit);
    const whole = contiguous(unit);
    if (whole !== null) {
      return samplesOver(format.dtype, batch.bytes.subarray(whole.from, whole.end));
    }
    const decoded = unit.pieces
      .filter((piece) => piece.length > 0)
      .map((piece) =>
        samplesOver(format.dtype, bytesOf(batch, piece).subarray(0, pieceBytes(format, piece.rows))),
      );
    return joinPieces(format, unit, batch.fill, decoded);
  });

  function contiguous({ pieces }: EncodedUnit): { from: number; end: number } | null {
    const [first] = pieces;
    if (first === undefined) {
      return null;
    }
    let end = first.from;
    for (const piece of pieces) {
      if (piece.length === 0 || piece.from !== end) {
        return null;
      }
      end += pieceBytes(format, piece.rows);
    }
    return { from: first.from, end };
  }
}

function pieceBytes(format: BlockFormat, rows: number): number {
  return ((format.blockWidth * strideOf(format) * format.bitsPerSample) / 8) * rows;
}

function checkLengths(format: BlockFormat, unit: EncodedUnit): void {
  for (const piece of unit.pieces) {
    const wanted = pieceBytes(format, piece.rows);
    if (piece.length > 0 && piece.length < wanted) {
      throw new Error(`expected ${wanted} bytes, found ${piece.length}`);
    }
  }
}
