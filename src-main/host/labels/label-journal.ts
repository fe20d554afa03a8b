import { open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";
// Not by the index, which loads native decoders.
import { syncFolder, writeFully } from "../../raster/write/index.ts";
import { damagedName } from "../damaged-name.ts";
import { readJournal, SIGNATURE } from "./journal-findings.ts";
import type { JournalEntry } from "./journal-findings.ts";
import { readMark, writeMark } from "./journal-mark.ts";
import type { JournalMark, MarkedJournal } from "./journal-mark.ts";
import { decodePatches, encodeRecord, RECORD_HEAD_BYTES } from "./label-records.ts";
import type { EditRecord, JournalRecord, Patch } from "./label-records.ts";

/** What was found where a journal was opened. */
export interface OpenedJournal {
  readonly journal: LabelJournal;
  /**
   * *sound*: `entries` are all records. *end-damaged*: they are those before the damage, and all that the chunks hold is among them. *damaged*: the chunks may be newer
   * than what is left; `later` can be done again all the same, and the journal has to be rewritten.
   */
  readonly kind: "sound" | "end-damaged" | "damaged";
  readonly entries: readonly JournalEntry[];
  readonly later: readonly JournalEntry[];
  /** The copy of one that was damaged elsewhere than at its end, where a crash leaves it; null also where it was missing. */
  readonly keptAside: string | null;
  /** The revision of the labels when chunks were last written; 0 where it wasn't noted. */
  readonly notedRevision: number;
}

/**
 * The file that every change of a mosaic's labels is appended to, and flushed, before anything else is written: what a crash leaves half
 * written is at its end and is cut off when it is opened again. It is the undo log at the same time.
 *
 * Beside it stands how long it was, and what it held, when chunks were last written (`note`): what was cut short otherwise than by a crash is told by that.
 */
export class LabelJournal {
  readonly #path: string;
  #file: FileHandle;
  #end: number;
  /** CRC-32 of all up to the end. */
  #checksum: number;
  /** Where the last checkpoint stands: what is before it is in the chunks. */
  #unwritten: number;
  /** The journals that may stand there by what was noted; the newest is last. */
  #noted: readonly MarkedJournal[];

  private constructor(
    filePath: string,
    file: FileHandle,
    state: {
      readonly end: number;
      readonly checksum: number;
      readonly unwritten: number;
      readonly noted: readonly MarkedJournal[];
    },
  ) {
    this.#path = filePath;
    this.#file = file;
    this.#end = state.end;
    this.#checksum = state.checksum;
    this.#unwritten = state.unwritten;
    this.#noted = state.noted;
  }

  /** Opens a journal, or begins one, with the records in it. */
  static async open(filePath: string): Promise<OpenedJournal> {
    const mark = await readMark(markPathOf(filePath));
    const { file, isNew } = await openOrCreate(filePath);
    try {
      const { size } = await file.stat();
      const found = await readJournal((position, length) => readAt(file, position, length), size, mark);
      const noted = mark?.journals ?? [];
      const opened = { entries: found.entries, notedRevision: mark?.revision ?? 0 };
      if (found.kind === "damaged") {
        // It stays as it is until it is rewritten: a crash before that has to find the same.
        const keptAside = isNew ? null : await keepCopy(file, filePath, size);
        const state = { end: size, checksum: 0, unwritten: size, noted };
        const journal = new LabelJournal(filePath, file, state);
        return { ...opened, journal, kind: "damaged", later: found.later, keptAside };
      }
      const keptAside = found.kind === "end-damaged" ? await keepCopy(file, filePath, size) : null;
      let { end, checksum } = found;
      if (end < size) {
        await file.truncate(end);
      }
      if (end === 0) {
        await writeFully(file, SIGNATURE, 0);
        await file.datasync();
        [end, checksum] = [SIGNATURE.length, crc32(SIGNATURE)];
      }
      if (isNew) {
        await syncFolder(path.dirname(filePath));
      }
      const state = { end, checksum, unwritten: lastCheckpoint(found.entries), noted };
      const journal = new LabelJournal(filePath, file, state);
      return { ...opened, journal, kind: found.kind, later: [], keptAside };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes in the file. */
  get bytes(): number {
    return this.#end;
  }

  /** Notes durably that the chunks may hold all that stands here: to be called before any of them is written. */
  async note(revision: number): Promise<void> {
    const last = this.#noted.at(-1);
    if (this.#noted.length === 1 && last?.bytes === this.#end && last.checksum === this.#checksum) {
      return;
    }
    await this.#writeMark({
      revision,
      journals: [{ bytes: this.#end, checksum: this.#checksum, unwritten: this.#unwritten }],
    });
  }

  /** Appends a record; it is on the disk when the promise resolves. A full disk leaves the journal as it was. */
  async append(record: JournalRecord, patches: readonly Patch[] = []): Promise<JournalEntry> {
    const bytes = encodeRecord(record, patches);
    const position = this.#end;
    try {
      await writeFully(this.#file, bytes, position);
      await this.#file.datasync();
    } catch (error) {
      await this.#file.truncate(position).catch(() => undefined);
      throw error;
    }
    this.#end += bytes.length;
    this.#checksum = crc32(bytes, this.#checksum);
    if (record.kind === "checkpoint") {
      this.#unwritten = position;
    }
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

  /** Replaces the file by one with these entries of it, and new records before and after them; returns the entries as they stand now. `revision` is that of the labels. */
  async rewrite(
    {
      before = [],
      entries,
      after = [],
    }: {
      readonly before?: readonly JournalRecord[];
      readonly entries: readonly JournalEntry[];
      readonly after?: readonly JournalRecord[];
    },
    revision: number,
  ): Promise<JournalEntry[]> {
    const temporaryPath = `${this.#path}.partial`;
    const file = await open(temporaryPath, "w+");
    const kept: JournalEntry[] = [];
    let end = 0;
    let checksum = 0;
    let unwritten = SIGNATURE.length;
    const add = async (bytes: Buffer): Promise<number> => {
      const position = end;
      await writeFully(file, bytes, position);
      end += bytes.length;
      checksum = crc32(bytes, checksum);
      return position;
    };
    const addRecord = async (record: JournalRecord): Promise<void> => {
      const position = await add(encodeRecord(record));
      unwritten = record.kind === "checkpoint" ? position : unwritten;
    };
    try {
      await add(SIGNATURE);
      for (const record of before) {
        await addRecord(record);
      }
      for (const { record, position, payloadBytes } of entries) {
        const from = position - RECORD_HEAD_BYTES;
        const to = await add(await readAt(this.#file, from, payloadBytes + RECORD_HEAD_BYTES));
        unwritten = record.kind === "checkpoint" ? to : unwritten;
        kept.push({ record, position: to + RECORD_HEAD_BYTES, payloadBytes });
      }
      for (const record of after) {
        await addRecord(record);
      }
      await file.sync();
      // Whichever of the two a crash leaves there is the right one.
      await this.#writeMark({ revision, journals: [...this.#noted, { bytes: end, checksum, unwritten }] });
      await rename(temporaryPath, this.#path);
    } catch (error) {
      await file.close();
      await rm(temporaryPath, { force: true });
      throw error;
    }
    const old = this.#file;
    this.#file = file;
    this.#end = end;
    this.#checksum = checksum;
    this.#unwritten = unwritten;
    this.#noted = this.#noted.slice(-1);
    await old.close();
    await syncFolder(path.dirname(this.#path));
    return kept;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #writeMark(mark: JournalMark): Promise<void> {
    await writeMark(markPathOf(this.#path), mark);
    this.#noted = mark.journals;
  }
}

/** Where is noted how long a journal was when chunks were last written. */
export function markPathOf(journalPath: string): string {
  return `${journalPath}.mark.json`;
}

async function openOrCreate(
  filePath: string,
): Promise<{ readonly file: FileHandle; readonly isNew: boolean }> {
  try {
    return { file: await open(filePath, "r+"), isNew: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw error;
    }
    return { file: await open(filePath, "wx+"), isNew: true };
  }
}

/** Where the last checkpoint's record begins, the first record where there is none. */
function lastCheckpoint(entries: readonly JournalEntry[]): number {
  const found = entries.findLast(({ record }) => record.kind === "checkpoint");
  return found === undefined ? SIGNATURE.length : found.position - RECORD_HEAD_BYTES;
}

/** Copies a damaged journal beside itself, durably; answers under which name. */
async function keepCopy(file: FileHandle, filePath: string, size: number): Promise<string> {
  const copyPath = damagedName(filePath);
  const copy = await open(copyPath, "wx");
  try {
    const step = 2 ** 22;
    for (let position = 0; position < size; position += step) {
      await writeFully(copy, await readAt(file, position, Math.min(step, size - position)), position);
    }
    await copy.sync();
  } finally {
    await copy.close();
  }
  return copyPath;
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
