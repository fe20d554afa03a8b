import { promisify } from "node:util";
import { crc32, deflateRaw, inflateRaw } from "node:zlib";
import { z } from "zod";
import { pixelWindowSchema } from "#shared/geo/pixel-window.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";

const deflateAsync = promisify(deflateRaw);
const inflateAsync = promisify(inflateRaw);

/** How many pixels of each id more (or less) there are than before, only ids that changed. */
const countChangesSchema = z.array(z.tuple([z.int().min(0).max(255), z.int()]));
export type CountChanges = z.infer<typeof countChangesSchema>;

/** One entry of a journal, but for the pixels of an edit, which follow it in the file. */
export const recordSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("edit"),
    /** Milliseconds since 1970, later than any record before, also those of other mosaics; what is undone together has the same. */
    time: z.int(),
    /** What the user did, such as "Brush". */
    name: z.string(),
    counts: countChangesSchema,
    patches: z.array(
      z.strictObject({ window: pixelWindowSchema, beforeBytes: z.int(), afterBytes: z.int() }),
    ),
  }),
  z.strictObject({ kind: z.literal("undo"), time: z.int() }),
  z.strictObject({ kind: z.literal("redo"), time: z.int() }),
  /** An edit of another mosaic: what was undone here before it can't be redone any more. */
  z.strictObject({ kind: z.literal("forget-redo"), time: z.int() }),
  /** All that stands before is in the chunks on disk. */
  z.strictObject({
    kind: z.literal("checkpoint"),
    revision: z.int(),
    /** Pixels of each id beyond those of the mask that the labels began from. */
    counts: countChangesSchema,
    /** Which mask that was. */
    baseVersion: z.string(),
  }),
]);
export type JournalRecord = z.infer<typeof recordSchema>;
export type EditRecord = Extract<JournalRecord, { kind: "edit" }>;

/** Pixels of one window before and after an edit, compressed. */
export interface Patch {
  readonly window: PixelWindow;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

const LENGTH_BYTES = 4;
/** Length and checksum of what follows. */
export const RECORD_HEAD_BYTES = 8;

/** The bytes of a record: payload length, its CRC-32, the record's own length, the record as JSON, the patches' pixels. */
export function encodeRecord(record: JournalRecord, patches: readonly Patch[] = []): Buffer {
  const json = Buffer.from(JSON.stringify(record));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(json.length);
  const payload = Buffer.concat([length, json, ...patches.flatMap(({ before, after }) => [before, after])]);
  const head = Buffer.alloc(RECORD_HEAD_BYTES);
  head.writeUInt32LE(payload.length, 0);
  head.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([head, payload]);
}

/** What a record's first bytes say about the rest. */
export function readRecordHead(head: Buffer): { readonly payloadBytes: number; readonly checksum: number } {
  return { payloadBytes: head.readUInt32LE(0), checksum: head.readUInt32LE(4) };
}

/** The record in a payload, null when it is not one or was damaged. */
export function decodeRecord(payload: Buffer, checksum: number): JournalRecord | null {
  if (payload.length < LENGTH_BYTES || crc32(payload) !== checksum) {
    return null;
  }
  const end = LENGTH_BYTES + payload.readUInt32LE(0);
  try {
    return recordSchema.parse(JSON.parse(payload.toString("utf8", LENGTH_BYTES, end)));
  } catch {
    return null;
  }
}

/** The patches of an edit, still compressed, from its payload. */
export function decodePatches(record: EditRecord, payload: Buffer): Patch[] {
  let position = LENGTH_BYTES + payload.readUInt32LE(0);
  const take = (bytes: number): Uint8Array => payload.subarray(position, (position += bytes));
  return record.patches.map(({ window, beforeBytes, afterBytes }) => ({
    window,
    before: take(beforeBytes),
    after: take(afterBytes),
  }));
}

/** Class ids as they are kept in a journal. */
export async function compressIds(ids: Uint8Array): Promise<Uint8Array> {
  return deflateAsync(ids, { level: 1 });
}

/** The ids of a window again. */
export async function expandIds(bytes: Uint8Array, window: PixelWindow): Promise<Uint8Array> {
  const ids = await inflateAsync(bytes, { maxOutputLength: window.width * window.height });
  if (ids.length !== window.width * window.height) {
    throw new Error(`A journalled window of ${window.width}×${window.height} px holds ${ids.length} bytes.`);
  }
  return ids;
}
