import { isCmyk, strideOf, type BlockFormat } from "../tiff/layout.ts";
import { compression } from "../tiff/tags.ts";
import type { SampleArray } from "../typed-pixels.ts";
import { joinPieces } from "./decode-units.ts";
import { bytesOf, type EncodedBatch, type EncodedPiece } from "./encoded-batch.ts";
import { inkToRgb } from "./ink.ts";
import { decodeNatively } from "./native-tiff.ts";
import { decodeWebp } from "./webp.ts";

/** Whether the blocks of an image are decoded by sharp's native libraries, on threads of their own. */
export function goesNatively(format: BlockFormat): boolean {
  switch (format.compression) {
    case compression.jpeg:
    case compression.webp:
    case compression.ccittRle:
    case compression.ccittFax3:
    case compression.ccittFax4:
      return true;
    default:
      return false;
  }
}

/**
 * Decodes units with sharp's libraries, as many blocks a call as it takes.
 *
 * @returns one array a unit; several may be views of the same memory
 */
export async function decodeUnitsNatively(format: BlockFormat, batch: EncodedBatch): Promise<SampleArray[]> {
  const pieces = batch.units.flatMap((unit) => unit.pieces.filter((piece) => piece.length > 0));
  const decoded =
    format.compression === compression.webp
      ? await Promise.all(
          pieces.map((piece) =>
            decodeWebp(bytesOf(batch, piece), format.blockWidth, piece.rows, strideOf(format)),
          ),
        )
      : await decodeRuns(format, batch, pieces);
  let next = 0;
  return batch.units.map((unit) => {
    const own = unit.pieces.filter((piece) => piece.length > 0).map(() => decoded[next++] as SampleArray);
    const samples = asOne(own, unit.pieces.length) ?? joinPieces(format, unit, batch.fill, own);
    if (isCmyk(format)) {
      inkToRgb(samples);
    }
    return samples;
  });
}

/** Neighbours in one piece of memory are one array already. */
function asOne(decoded: readonly SampleArray[], wanted: number): SampleArray | null {
  const [first] = decoded;
  if (first === undefined || decoded.length !== wanted || !(first instanceof Uint8Array)) {
    return null;
  }
  let end = first.byteOffset;
  for (const samples of decoded) {
    if (samples.buffer !== first.buffer || samples.byteOffset !== end) {
      return null;
    }
    end += samples.byteLength;
  }
  return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset);
}

async function decodeRuns(
  format: BlockFormat,
  batch: EncodedBatch,
  pieces: readonly EncodedPiece[],
): Promise<SampleArray[]> {
  const stride = strideOf(format);
  if (
    format.compression === compression.jpeg &&
    (format.bitsPerSample !== 8 || ![1, 3, 4].includes(stride))
  ) {
    throw new Error(`unsupported: JPEG blocks of ${stride} bands of ${format.bitsPerSample} bits`);
  }
  const decoded: SampleArray[] = [];
  for (const run of runsOfEqualRows(pieces)) {
    const pixels = await decodeNatively({
      format,
      blocks: run.map((piece) => bytesOf(batch, piece)),
      rows: run.map((piece) => piece.rows),
      stride,
    });
    let at = 0;
    for (const piece of run) {
      const length = format.blockWidth * piece.rows * stride;
      const samples = pixels.subarray(at, at + length);
      decoded.push(format.bitsPerSample === 1 ? samples.map((value) => value & 1) : samples);
      at += length;
    }
  }
  return decoded;
}

/** Splits blocks into runs in which only the last one may be shorter, as strips of one TIFF must be. */
function runsOfEqualRows(pieces: readonly EncodedPiece[]): EncodedPiece[][] {
  const runs: EncodedPiece[][] = [];
  let current: EncodedPiece[] = [];
  pieces.forEach((piece, index) => {
    current.push(piece);
    const first = current[0] as EncodedPiece;
    const next = pieces[index + 1];
    if (next === undefined || piece.rows < first.rows || next.rows > first.rows) {
      runs.push(current);
      current = [];
    }
  });
  return runs;
}
