import { createHash } from "node:crypto";
import { open, rm, type FileHandle } from "node:fs/promises";
import { writeFully } from "./atomic-file.ts";

/** A compressed tile of a level. */
export interface KeptTile {
  readonly level: number;
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

const magic = Buffer.from("orthotil", "latin1");
const digestBytes = 16;
/** Level, index, bytes of the tile, and a digest of these and of the tile. */
const headBytes = 12 + digestBytes;
/** No tile takes more: a head that says so is none. */
const mostTileBytes = 1 << 28;

/**
 * A file of compressed tiles that tells by itself which it holds, so that who was killed while writing it can go on with it.
 *
 * It begins with what the tiles are of; each tile stands behind its level, its index, its length and a digest. Tiles are good up to the first
 * that isn't: after a kill that is one of the last few, after a power cut it may be any.
 */
export class KeptTiles {
  readonly handle: FileHandle;
  readonly #path: string;
  #isOpen = true;

  private constructor(handle: FileHandle, path: string) {
    this.handle = handle;
    this.#path = path;
  }

  /**
   * Opens or starts the file. `identity` says what the tiles are of: those of another are thrown away.
   *
   * @returns the file, the good tiles in the order they were written, and where the next is to stand
   */
  static async open(
    path: string,
    identity: string,
  ): Promise<{ readonly file: KeptTiles; readonly tiles: readonly KeptTile[]; readonly end: number }> {
    const handle = await open(path, "r+").catch(() => open(path, "wx+"));
    try {
      const beginning = Buffer.concat([magic, createHash("sha256").update(identity).digest()]);
      const found = Buffer.alloc(beginning.length);
      await handle.read(found, 0, found.length, 0);
      const file = new KeptTiles(handle, path);
      if (!found.equals(beginning)) {
        await handle.truncate(0);
        await writeFully(handle, beginning, 0);
        return { file, tiles: [], end: beginning.length };
      }
      const { tiles, end } = await goodTiles(handle, beginning.length);
      await handle.truncate(end);
      return { file, tiles, end };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A tile as it stands in the file; the tile's own bytes are the last of it. */
  static record({ level, index }: Pick<KeptTile, "level" | "index">, tile: Uint8Array): Uint8Array {
    const record = Buffer.alloc(headBytes + tile.length);
    record.writeUInt32LE(level, 0);
    record.writeUInt32LE(index, 4);
    record.writeUInt32LE(tile.length, 8);
    record.set(tile, headBytes);
    record.set(digestOf(record), 12);
    return record;
  }

  /** Closes the file and leaves it for another time. */
  async keep(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      await this.handle.close();
    }
  }

  /** Closes the file and removes it, also when it was kept. */
  async discard(): Promise<void> {
    await this.keep();
    await rm(this.#path, { force: true });
  }
}

async function goodTiles(handle: FileHandle, start: number): Promise<{ tiles: KeptTile[]; end: number }> {
  const { size } = await handle.stat();
  const tiles: KeptTile[] = [];
  const head = Buffer.alloc(headBytes);
  let at = start;
  while (at + headBytes <= size) {
    await handle.read(head, 0, headBytes, at);
    const length = head.readUInt32LE(8);
    if (length === 0 || length > mostTileBytes || at + headBytes + length > size) {
      break;
    }
    const record = Buffer.alloc(headBytes + length);
    await handle.read(record, 0, record.length, at);
    if (!digestOf(record).equals(record.subarray(12, headBytes))) {
      break;
    }
    tiles.push({
      level: head.readUInt32LE(0),
      index: head.readUInt32LE(4),
      offset: at + headBytes,
      length,
    });
    at += record.length;
  }
  return { tiles, end: at };
}

function digestOf(record: Buffer): Buffer {
  return createHash("sha1")
    .update(record.subarray(0, 12))
    .update(record.subarray(headBytes))
    .digest()
    .subarray(0, digestBytes);
}
