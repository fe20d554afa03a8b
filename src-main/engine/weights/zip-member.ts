import { closeSync, fstatSync, openSync, readSync, writeFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;

/** Writes one file of a zip archive (APPNOTE.TXT 6.3) to disk. Throws when it isn't there or is packed in an unusual way. */
export function extractMember(archivePath: string, name: string, targetPath: string): void {
  const file = openSync(archivePath, "r");
  try {
    const read = (position: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length);
      if (readSync(file, bytes, 0, length, position) !== length) {
        throw new Error("the archive breaks off");
      }
      return bytes;
    };
    const { size } = fstatSync(file);
    const tailLength = Math.min(size, END_BYTES + LONGEST_COMMENT);
    const tail = read(size - tailLength, tailLength);
    const end = lastIndexOfSignature(tail);
    const directory = read(tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
    let at = 0;
    while (at + 46 <= directory.length && directory.readUInt32LE(at) === ENTRY_SIGNATURE) {
      const nameLength = directory.readUInt16LE(at + 28);
      if (directory.toString("utf8", at + 46, at + 46 + nameLength) === name) {
        const start = directory.readUInt32LE(at + 42);
        const header = read(start, 30);
        const data = start + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
        writeFileSync(
          targetPath,
          unpacked(read(data, directory.readUInt32LE(at + 20)), directory.readUInt16LE(at + 10)),
        );
        return;
      }
      at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    }
    throw new Error(`it has no ${name}`);
  } finally {
    closeSync(file);
  }
}

function lastIndexOfSignature(bytes: Buffer): number {
  for (let at = bytes.length - END_BYTES; at >= 0; at -= 1) {
    if (bytes.readUInt32LE(at) === END_SIGNATURE) {
      return at;
    }
  }
  throw new Error("the archive has no directory");
}

function unpacked(bytes: Buffer, method: number): Buffer {
  switch (method) {
    case 0:
      return bytes;
    case 8:
      return inflateRawSync(bytes);
    default:
      throw new Error(`it is packed by method ${method}`);
  }
}
