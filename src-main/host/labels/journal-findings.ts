import { crc32 } from "node:zlib";
import { decodeRecord, readRecordHead, RECORD_HEAD_BYTES } from "./label-records.ts";
import type { JournalRecord } from "./label-records.ts";
import type { JournalMark } from "./journal-mark.ts";

export const SIGNATURE = Buffer.from("orthomask labels 1\n");
/** Longer payloads are never written, so a longer one is damage. */
const MOST_PAYLOAD_BYTES = 2 ** 31 - 1;

/** A record and where its payload stands in the file. */
export interface JournalEntry {
  readonly record: JournalRecord;
  readonly position: number;
  readonly payloadBytes: number;
}

/** What stands in a journal's file, and how much of it may be done again. */
export type JournalFindings =
  /** All of it, but for one record at its end that a crash cut short. */
  | ({ readonly kind: "sound" } & SoundPart)
  /** All that the chunks can hold, then something that isn't what a crash leaves. */
  | ({ readonly kind: "end-damaged" } & SoundPart)
  /**
   * Something is missing that the chunks hold: doing the rest again would paint older steps over newer ones. `later` are records from where all before is in
   * the chunks, where those can still be read.
   */
  | { readonly kind: "damaged"; readonly entries: readonly JournalEntry[]; readonly later: JournalEntry[] };

interface SoundPart {
  readonly entries: JournalEntry[];
  /** Where they end; 0 where not even the signature is. */
  readonly end: number;
  /** CRC-32 of all before. */
  readonly checksum: number;
}

/** Reads that many bytes at a place; asked for what is there only. */
export type ReadBytes = (position: number, length: number) => Buffer | Promise<Buffer>;

/** Reads a journal of `size` bytes and holds it against what was noted of it, null where nothing was. */
export async function readJournal(
  read: ReadBytes,
  size: number,
  mark: JournalMark | null,
): Promise<JournalFindings> {
  const hasSignature = size >= SIGNATURE.length && (await read(0, SIGNATURE.length)).equals(SIGNATURE);
  const found = hasSignature
    ? await readEntries(read, size, SIGNATURE.length, crc32(SIGNATURE))
    : { entries: [], end: 0, checksum: 0, checksums: new Map([[0, 0]]) };
  const { entries, end, checksum, checksums } = found;
  const isMarked =
    mark === null || mark.journals.some((marked) => checksums.get(marked.bytes) === marked.checksum);
  if (!isMarked) {
    return { kind: "damaged", entries, later: await laterEntries(read, size, mark) };
  }
  if (end === size || (end > 0 && (await isCutShort(read, end, size)))) {
    return { kind: "sound", entries, end, checksum };
  }
  if (end === 0 && size <= SIGNATURE.length) {
    return { kind: "sound", entries, end, checksum };
  }
  return mark === null
    ? { kind: "damaged", entries, later: [] }
    : { kind: "end-damaged", entries, end, checksum };
}

/** Whole records one after the other from a place on, and the CRC-32 of the file up to the end of each. */
async function readEntries(
  read: ReadBytes,
  size: number,
  start: number,
  checksumBefore: number,
): Promise<SoundPart & { readonly checksums: ReadonlyMap<number, number> }> {
  const entries: JournalEntry[] = [];
  let end = start;
  let checksum = checksumBefore;
  const checksums = new Map([[end, checksum]]);
  while (end + RECORD_HEAD_BYTES <= size) {
    const head = await read(end, RECORD_HEAD_BYTES);
    const { payloadBytes, checksum: payloadChecksum } = readRecordHead(head);
    const position = end + RECORD_HEAD_BYTES;
    if (payloadBytes > MOST_PAYLOAD_BYTES || position + payloadBytes > size) {
      break;
    }
    const payload = await read(position, payloadBytes);
    const record = decodeRecord(payload, payloadChecksum);
    if (record === null) {
      break;
    }
    entries.push({ record, position, payloadBytes });
    end = position + payloadBytes;
    checksum = crc32(payload, crc32(head, checksum));
    checksums.set(end, checksum);
  }
  return { entries, end, checksum, checksums };
}

/** What a damaged journal still has of what the chunks may not hold: from their last complete writing on, else from their last writing on. */
async function laterEntries(read: ReadBytes, size: number, mark: JournalMark): Promise<JournalEntry[]> {
  const { bytes, unwritten } = mark.journals.at(-1) as JournalMark["journals"][number];
  const all = await readEntries(read, size, unwritten, 0);
  if (all.end >= bytes) {
    return all.entries;
  }
  return (await readEntries(read, size, bytes, 0)).entries;
}

/** Whether what stands at a place is one record that a crash cut short. */
async function isCutShort(read: ReadBytes, position: number, size: number): Promise<boolean> {
  if (position + RECORD_HEAD_BYTES > size) {
    return true;
  }
  const { payloadBytes } = readRecordHead(await read(position, RECORD_HEAD_BYTES));
  return position + RECORD_HEAD_BYTES + payloadBytes >= size;
}
