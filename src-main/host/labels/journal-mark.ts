import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { z } from "zod";
// Not by the index, which loads native decoders.
import { createAtomicFile, writeError, writeFully } from "../../raster/write/index.ts";

/** A journal as it was when chunks were last written: what is no longer so long, or begins otherwise, has lost some of what the chunks hold. */
const markedJournalSchema = z.strictObject({
  /** The chunks hold nothing that doesn't stand within so many bytes. */
  bytes: z.int(),
  /** CRC-32 of those. */
  checksum: z.int(),
  /** Where the records begin that the chunks may not hold yet. */
  unwritten: z.int(),
});
export type MarkedJournal = z.infer<typeof markedJournalSchema>;

const markSchema = z.strictObject({
  /** That of the labels. */
  revision: z.int(),
  /** Any of them may stand there; the newest is last. Two while one is replaced by a shorter one, which a crash can prevent. */
  journals: z.array(markedJournalSchema).min(1),
});
export type JournalMark = z.infer<typeof markSchema>;

const fileSchema = z.strictObject({ version: z.literal(1), mark: markSchema, checksum: z.int() });

function checksumOf(mark: JournalMark): number {
  return crc32(JSON.stringify(mark));
}

/** What was noted beside a journal; null where nothing was, as by earlier builds, and where the note itself is damaged: then the journal has to speak for itself. */
export async function readMark(path: string): Promise<JournalMark | null> {
  try {
    const { mark, checksum } = fileSchema.parse(JSON.parse(await readFile(path, "utf8")));
    return checksum === checksumOf(mark) ? mark : null;
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError || isMissing(error)) {
      return null;
    }
    throw error;
  }
}

/** Notes it; it is on the disk, under its name, when the promise resolves. */
export async function writeMark(path: string, mark: JournalMark): Promise<void> {
  const file = await createAtomicFile(path);
  try {
    await writeFully(
      file.handle,
      Buffer.from(JSON.stringify({ version: 1, mark, checksum: checksumOf(mark) })),
      0,
    );
    await file.commit();
  } catch (error) {
    await file.discard();
    throw writeError(error, path);
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === "ENOENT";
}
