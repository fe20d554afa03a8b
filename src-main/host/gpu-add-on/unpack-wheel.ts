import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createInflateRaw } from "node:zlib";
import { RpcError } from "#shared/rpc/errors.ts";

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly compressedBytes: number;
  readonly headerOffset: number;
}

/** The longest end record of a ZIP file: 22 bytes and a comment of 65,535. */
const LONGEST_END = 22 + 65_535;
/** A field of 32 bits that says "see the 64-bit record", which no wheel of ours needs. */
const TOO_LARGE = 0xffff_ffff;

/**
 * Writes those files of a wheel (a ZIP file, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT) for which `place` has a path below
 * `directory`. The wheel's sum has been checked, so that its content is known; still, nothing is written outside.
 */
export async function unpackWheel(
  wheelPath: string,
  directory: string,
  { place, signal }: { readonly place: (name: string) => string | null; readonly signal: AbortSignal },
): Promise<void> {
  const file = await open(wheelPath, "r");
  try {
    for (const entry of await readDirectory(file, wheelPath)) {
      const placed = entry.name.endsWith("/") ? null : place(entry.name);
      if (placed === null) {
        continue;
      }
      const target = path.resolve(directory, placed);
      if (!target.startsWith(path.resolve(directory) + path.sep)) {
        throw damaged(wheelPath, `it names ${entry.name}, which lies outside`);
      }
      await mkdir(path.dirname(target), { recursive: true });
      await extract(file, wheelPath, entry, target, signal);
    }
  } finally {
    await file.close();
  }
}

async function readDirectory(file: FileHandle, wheelPath: string): Promise<Entry[]> {
  const { size } = await file.stat();
  const tail = await read(file, Math.max(0, size - LONGEST_END), Math.min(size, LONGEST_END));
  const end = tail.lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1"));
  if (end < 0) {
    throw damaged(wheelPath, "it has no end record");
  }
  const count = tail.readUInt16LE(end + 10);
  const directory = await read(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const entries: Entry[] = [];
  let offset = 0;
  for (let index = 0; index < count; index += 1) {
    if (directory.readUInt32LE(offset) !== 0x02014b50) {
      throw damaged(wheelPath, `its entry ${index} is none`);
    }
    const nameLength = directory.readUInt16LE(offset + 28);
    const entry: Entry = {
      method: directory.readUInt16LE(offset + 10),
      compressedBytes: directory.readUInt32LE(offset + 20),
      headerOffset: directory.readUInt32LE(offset + 42),
      name: directory.toString("utf8", offset + 46, offset + 46 + nameLength),
    };
    if (entry.compressedBytes === TOO_LARGE || entry.headerOffset === TOO_LARGE) {
      throw damaged(wheelPath, `${entry.name} is larger than 4 GB`);
    }
    entries.push(entry);
    offset += 46 + nameLength + directory.readUInt16LE(offset + 30) + directory.readUInt16LE(offset + 32);
  }
  return entries;
}

async function extract(
  file: FileHandle,
  wheelPath: string,
  { name, method, compressedBytes, headerOffset }: Entry,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const header = await read(file, headerOffset, 30);
  const start = headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (compressedBytes === 0) {
    await writeFile(target, "", { mode: 0o755 });
    return;
  }
  const output = createWriteStream(target, { mode: 0o755 });
  const input = createReadStream(wheelPath, {
    start,
    end: start + compressedBytes - 1,
    highWaterMark: 1 << 20,
  });
  switch (method) {
    case 0:
      await pipeline(input, output, { signal });
      return;
    case 8:
      await pipeline(input, createInflateRaw(), output, { signal });
      return;
    default:
      throw damaged(wheelPath, `${name} is packed by method ${method}`);
  }
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  await file.read(buffer, 0, length, position);
  return buffer;
}

function damaged(wheelPath: string, why: string): RpcError {
  return new RpcError("unsupported", `${path.basename(wheelPath)} can't be unpacked: ${why}.`);
}
