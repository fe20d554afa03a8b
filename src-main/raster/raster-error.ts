import { basename } from "node:path";

/** Why a raster can't be opened, read or written. */
export type RasterErrorCode =
  /** Not there, or not readable. */
  | "not-found"
  /** Not a raster of any kind that we know. */
  | "not-a-raster"
  /** Damaged: cut short, contradictory, or made to hurt. */
  | "damaged"
  /** A feature of the format that we don't read; the message says which. */
  | "unsupported"
  /** The caller asked for what isn't there: a band, a negative size. */
  | "invalid-request"
  /** The disk refused: full, read-only, no permission. */
  | "write-failed";

/** A failure to open, read or write one raster file; the message names the file, what was expected and what came. */
export class RasterError extends Error {
  override readonly name = "RasterError";
  readonly code: RasterErrorCode;
  readonly filePath: string;

  constructor(code: RasterErrorCode, filePath: string, explanation: string, cause?: unknown) {
    super(`${basename(filePath)}: ${explanation}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.filePath = filePath;
  }
}

/** Whether a failure is the answer to an abort rather than a fault of the file. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** Turns whatever a decoder threw into an error that names the file, leaving aborts and our own errors as they are. */
export function asRasterError(error: unknown, filePath: string, doing: string): unknown {
  if (error instanceof RasterError || isAbort(error)) {
    return error;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new RasterError("damaged", filePath, `${doing} failed: ${reason}`, error);
}
