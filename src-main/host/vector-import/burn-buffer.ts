import { deflateRawSync, inflateRawSync } from "node:zlib";
import { windowIntersection, type PixelSize, type PixelWindow } from "#shared/geo/pixel-window.ts";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { rasterizePolygon } from "#shared/labels/rasterize-polygon.ts";
import { shapeWindow } from "#shared/labels/rasterize-shape.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";

/** As large as the chunks of labels, so that one is asked for at a time. */
const chunkSide = 512;
/** Chunks kept as they are, 256 KB each; the others wait deflated, of which most are a few KB. */
const mostOpenChunks = 128;

/**
 * What polygons, burned one after the other, come to on one mosaic: later ones cover earlier ones. Only chunks that were touched are held, and most of
 * them packed, so that memory follows the mosaic and not the number of polygons, whose order matters while chunks have another one.
 */
export class BurnBuffer {
  readonly #size: PixelSize;
  readonly #columns: number;
  readonly #open = new Map<number, Uint8Array>();
  readonly #packed = new Map<number, Uint8Array>();

  constructor(size: PixelSize) {
    this.#size = size;
    this.#columns = Math.ceil(size.width / chunkSide);
  }

  /** Burns a polygon (mosaic pixels, even-odd) by the pixels' centres; answers how many pixels that were. */
  burn(rings: readonly (readonly PixelPoint[])[], id: number): number {
    const around = shapeWindow({ kind: "polygon", rings: rings as PixelPoint[][] });
    const inside = around === null ? null : windowIntersection(around, { x: 0, y: 0, ...this.#size });
    if (inside === null) {
      return 0;
    }
    let pixels = 0;
    // By rows of chunks: the edges are gone through once for each, not for each chunk.
    for (let top = inside.y; top < inside.y + inside.height;) {
      const bottom = Math.min(inside.y + inside.height, (Math.floor(top / chunkSide) + 1) * chunkSide);
      const band = { x: inside.x, y: top, width: inside.width, height: bottom - top };
      const mask = new Uint8Array(band.width * band.height);
      rasterizePolygon(mask, band, rings);
      pixels += this.#copy(mask, band, id);
      top = bottom;
    }
    return pixels;
  }

  /** The window round all chunks that were touched; null without any. */
  get window(): PixelWindow | null {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const key of [...this.#open.keys(), ...this.#packed.keys()]) {
      const [column, row] = [key % this.#columns, Math.floor(key / this.#columns)];
      left = Math.min(left, column);
      right = Math.max(right, column + 1);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row + 1);
    }
    return right < 0
      ? null
      : {
          x: left * chunkSide,
          y: top * chunkSide,
          width: (right - left) * chunkSide,
          height: (bottom - top) * chunkSide,
        };
  }

  /** What was burned in a window that lies within one chunk, 255 where nothing was; null where the chunk was never touched. */
  read(window: PixelWindow): Uint8Array | null {
    const [column, row] = [Math.floor(window.x / chunkSide), Math.floor(window.y / chunkSide)];
    const key = row * this.#columns + column;
    if (!this.#open.has(key) && !this.#packed.has(key)) {
      return null;
    }
    const chunk = this.#chunk(key);
    const ids = new Uint8Array(window.width * window.height);
    for (let line = 0; line < window.height; line++) {
      const from = (window.y - row * chunkSide + line) * chunkSide + window.x - column * chunkSide;
      ids.set(chunk.subarray(from, from + window.width), line * window.width);
    }
    return ids;
  }

  #copy(mask: Uint8Array, band: PixelWindow, id: number): number {
    const row = Math.floor(band.y / chunkSide);
    const first = Math.floor(band.x / chunkSide);
    const last = Math.floor((band.x + band.width - 1) / chunkSide);
    let pixels = 0;
    for (let column = first; column <= last; column++) {
      const left = Math.max(band.x, column * chunkSide);
      const right = Math.min(band.x + band.width, (column + 1) * chunkSide);
      let chunk: Uint8Array | null = null;
      for (let line = 0; line < band.height; line++) {
        const from = line * band.width - band.x;
        const to = (band.y + line - row * chunkSide) * chunkSide - column * chunkSide;
        for (let x = left; x < right; x++) {
          if (mask[from + x] === 1) {
            chunk ??= this.#chunk(row * this.#columns + column);
            chunk[to + x] = id;
            pixels += 1;
          }
        }
      }
    }
    return pixels;
  }

  #chunk(key: number): Uint8Array {
    let chunk = this.#open.get(key);
    if (chunk === undefined) {
      const packed = this.#packed.get(key);
      chunk =
        packed === undefined
          ? new Uint8Array(chunkSide * chunkSide).fill(UNLABELLED_ID)
          : new Uint8Array(inflateRawSync(packed));
      this.#packed.delete(key);
    }
    // The one used last stands last.
    this.#open.delete(key);
    this.#open.set(key, chunk);
    if (this.#open.size > mostOpenChunks) {
      const [oldest] = this.#open as Iterable<[number, Uint8Array]>;
      if (oldest !== undefined) {
        this.#open.delete(oldest[0]);
        this.#packed.set(oldest[0], deflateRawSync(oldest[1], { level: 1 }));
      }
    }
    return chunk;
  }
}
