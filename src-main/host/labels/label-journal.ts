import { open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import {
  decodePatches,
  decodeRecord,
  encodeRecord,
  readRecordHead,
  RECORD_HEAD_BYTES,
} from "./label-records.ts";
import { damagedName } from "../damaged-name.ts";
import type { EditRecord, JournalRecord, Patch } from "./label-records.ts";

const SIGNATURE = Buffer.from("orthomask labels 1\n");
/** Longer payloads are never written, so a longer one is damage. */
const MOST_PAYLOAD_BYTES = 2 ** 31 - 1;

/** A record and where its payload stands in the file. */
export interface JournalEntry {
  readonly record: JournalRecord;
  readonly position: number;
  readonly payloadBytes: number;
}

/**
 * The file that every change of a mosaic's labels is appended to, and flushed, before anything else is written: what a crash leaves half
 * written is at its end and is cut off when it is opened again. It is the undo log at the same time.
 */
export class LabelJournal {
  readonly #path: string;
  #file: FileHandle;
  #end: number;

  private constructor(path: string, file: FileHandle, end: number) {
    this.#path = path;
    this.#file = file;
    this.#end = end;
  }

  /**
   * Opens a journal, or begins one, with the records in it. `keptAside` names the copy of a journal that was damaged elsewhere than at its end, where a
   * crash leaves it.
   */
  static async open(
    path: string,
  ): Promise<{ journal: LabelJournal; entries: JournalEntry[]; keptAside: string | null }> {
    const file = await openOrCreate(path);
    try {
      const { size } = await file.stat();
      const { entries, end } = await readEntries((position, length) => readAt(file, position, length), size);
      let keptAside: string | null = null;
      if (end < size) {
        keptAside = await keepDamage(file, path, end, size);
        await file.truncate(end);
      }
      if (end === 0) {
        await file.write(SIGNATURE, 0, SIGNATURE.length, 0);
        await file.datasync();
      }
      return { journal: new LabelJournal(path, file, Math.max(end, SIGNATURE.length)), entries, keptAside };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes in the file. */
  get bytes(): number {
    return this.#end;
  }

  /** Appends a record; it is on the disk when the promise resolves. A full disk leaves the journal as it was. */
  async append(record: JournalRecord, patches: readonly Patch[] = []): Promise<JournalEntry> {
    const bytes = encodeRecord(record, patches);
    const position = this.#end;
    try {
      await writeAt(this.#file, bytes, position);
      await this.#file.datasync();
    } catch (error) {
      await this.#file.truncate(position).catch(() => undefined);
      throw error;
    }
    this.#end += bytes.length;
    return {
      record,
      position: position + RECORD_HEAD_BYTES,
      payloadBytes: bytes.length - RECORD_HEAD_BYTES,
    };
  }

  /** The pixels of an edit, still compressed. */
  async patches(entry: JournalEntry & { readonly record: EditRecord }): Promise<Patch[]> {
    return decodePatches(entry.record, await readAt(this.#file, entry.position, entry.payloadBytes));
  }

  /** Replaces the file by one with these entries of it and, after them, new records; returns the entries as they stand now. */
  async rewrite(
    entries: readonly JournalEntry[],
    records: readonly JournalRecord[],
  ): Promise<JournalEntry[]> {
    const temporaryPath = `${this.#path}.partial`;
    const file = await open(temporaryPath, "w+");
    const kept: JournalEntry[] = [];
    let end = SIGNATURE.length;
    try {
      await writeAt(file, SIGNATURE, 0);
      for (const { record, position, payloadBytes } of entries) {
        const bytes = await readAt(
          this.#file,
          position - RECORD_HEAD_BYTES,
          payloadBytes + RECORD_HEAD_BYTES,
        );
        await writeAt(file, bytes, end);
        kept.push({ record, position: end + RECORD_HEAD_BYTES, payloadBytes });
        end += bytes.length;
      }
      for (const record of records) {
        const bytes = encodeRecord(record);
        await writeAt(file, bytes, end);
        end += bytes.length;
      }
      await file.sync();
      await rename(temporaryPath, this.#path);
    } catch (error) {
      await file.close();
      await rm(temporaryPath, { force: true });
      throw error;
    }
    const old = this.#file;
    this.#file = file;
    this.#end = end;
    await old.close();
    return kept;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** The records of a journal's bytes, up to the first that isn't whole. */
export async function readJournalRecords(bytes: Buffer): Promise<{
  readonly entries: JournalEntry[];
  readonly isWhole: boolean;
}> {
  const { entries, end } = await readEntries(
    (position, length) => bytes.subarray(position, position + length),
    bytes.length,
  );
  return { entries, isWhole: end === bytes.length };
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw error;
    }
    return open(path, "wx+");
  }
}

/** All records up to the first that isn't whole, and where that begins; 0 where not even the signature is. `read` is asked for what is there only. */
async function readEntries(
  read: (position: number, length: number) => Buffer | Promise<Buffer>,
  size: number,
): Promise<{ entries: JournalEntry[]; end: number }> {
  const entries: JournalEntry[] = [];
  if (size < SIGNATURE.length || !(await read(0, SIGNATURE.length)).equals(SIGNATURE)) {
    return { entries, end: 0 };
  }
  let end = SIGNATURE.length;
  while (end + RECORD_HEAD_BYTES <= size) {
    const { payloadBytes, checksum } = readRecordHead(await read(end, RECORD_HEAD_BYTES));
    const position = end + RECORD_HEAD_BYTES;
    if (payloadBytes > MOST_PAYLOAD_BYTES || position + payloadBytes > size) {
      break;
    }
    const record = decodeRecord(await read(position, payloadBytes), checksum);
    if (record === null) {
      break;
    }
    entries.push({ record, position, payloadBytes });
    end = position + payloadBytes;
  }
  return { entries, end };
}

/** Copies what can't be read when it is more than one record that a crash cut short. */
async function keepDamage(file: FileHandle, path: string, end: number, size: number): Promise<string | null> {
  const isTail = end > 0 && (await isLastRecord(file, end, size));
  if (isTail || size <= SIGNATURE.length) {
    return null;
  }
  const copyPath = damagedName(path);
  const copy = await open(copyPath, "wx");
  try {
    const step = 2 ** 22;
    for (let position = 0; position < size; position += step) {
      await writeAt(copy, await readAt(file, position, Math.min(step, size - position)), position);
    }
  } finally {
    await copy.close();
  }
  return copyPath;
}

async function isLastRecord(file: FileHandle, position: number, size: number): Promise<boolean> {
  if (position + RECORD_HEAD_BYTES > size) {
    return true;
  }
  const { payloadBytes } = readRecordHead(await readAt(file, position, RECORD_HEAD_BYTES));
  return position + RECORD_HEAD_BYTES + payloadBytes >= size;
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, position + read);
    if (bytesRead === 0) {
      throw new Error("The label journal is shorter than expected.");
    }
    read += bytesRead;
  }
  return buffer;
}
