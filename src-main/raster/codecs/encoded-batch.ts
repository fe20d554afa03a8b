/** One block, or rows of one, inside a batch's bytes. */
export interface EncodedPiece {
  /** Where it begins in the batch's bytes. */
  readonly from: number;
  /** Zero for a sparse block, which the file leaves out. */
  readonly length: number;
  readonly rows: number;
}

/** Pieces that lie below each other and are kept as one array of samples. */
export interface EncodedUnit {
  /** Rows of all pieces together. */
  readonly rows: number;
  readonly pieces: readonly EncodedPiece[];
}

/** Units of one image that were read in one go. */
export interface EncodedBatch {
  /** The decoder's from here on: results may be views of it, and it may be moved to another thread. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly units: readonly EncodedUnit[];
  /** The value of every sample of a sparse piece. */
  readonly fill: number;
}

/** A piece's bytes; they may be another piece's too, so nobody writes into them. */
export function bytesOf(batch: EncodedBatch, piece: EncodedPiece): Uint8Array<ArrayBuffer> {
  return batch.bytes.subarray(piece.from, piece.from + piece.length);
}
