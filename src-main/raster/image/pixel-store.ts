import { mkdtemp, open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFully } from "../write/atomic-file.ts";

/** Decoded images up to this size stay in memory while open; larger ones go to a temporary file. */
export const memoryBytes = 32 * 2 ** 20;

/** Where decoded pixels are kept while an image is open. */
export interface PixelStore {
  write(bytes: Uint8Array, offset: number): Promise<void>;
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Makes room for so many bytes: in memory, or in a temporary file where they are many. */
export async function openPixelStore(size: number): Promise<PixelStore> {
  return size <= memoryBytes ? inMemory(size) : inFile();
}

function inMemory(size: number): PixelStore {
  const kept = new Uint8Array(size);
  return {
    write: (bytes, offset) => {
      kept.set(bytes, offset);
      return Promise.resolve();
    },
    read: (offset, length) => Promise.resolve(kept.slice(offset, offset + length)),
    close: () => Promise.resolve(),
  };
}

async function inFile(): Promise<PixelStore> {
  const folder = await makeTemporaryFolder();
  try {
    const handle = await open(join(folder, "pixels"), "wx+", 0o600);
    return {
      write: (bytes, offset) => writeFully(handle, bytes, offset),
      read: (offset, length) => readFully(handle, offset, length),
      async close() {
        await handle.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Reads so many bytes of a temporary file, however many calls the system needs. */
export async function readFully(
  handle: FileHandle,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const target = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const { bytesRead } = await handle.read(target, filled, length - filled, offset + filled);
    if (bytesRead === 0) {
      throw new Error("its temporary file became shorter");
    }
    filled += bytesRead;
  }
  return target;
}

/** A folder of its own for the pixels of one image. */
export function makeTemporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "orthomask-image-"));
}
