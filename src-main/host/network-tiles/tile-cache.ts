import type { DecodedTile } from "./tile-reader.ts";

/**
 * Keeps decoded tiles from one epoch for the next, up to so many bytes.
 *
 * What is in stays in: every epoch asks for every tile once, and under that order throwing out the oldest for the newest would
 * keep exactly those tiles that are asked for last.
 */
export class TileCache {
  readonly #tiles = new Map<string, DecodedTile>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async get(key: string, read: () => Promise<DecodedTile>): Promise<DecodedTile> {
    const known = this.#tiles.get(key);
    if (known !== undefined) {
      return known;
    }
    const tile = await read();
    const bytes = tile.image.byteLength + tile.channels.byteLength;
    if (this.#bytes + bytes <= this.#limitBytes && !this.#tiles.has(key)) {
      this.#tiles.set(key, tile);
      this.#bytes += bytes;
    }
    return tile;
  }
}
