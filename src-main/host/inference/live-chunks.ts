import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { ClassWindow } from "../../raster/index.ts";
import type { BlendedChunk } from "./blend-chunk.ts";
import { CHUNK_PIXELS } from "./prediction-grid.ts";

/** Holds values by key, no more than `most` of them: the least recently used goes first. */
export class RecentlyUsed<Value> {
  readonly #most: number;
  readonly #values = new Map<string, Value>();

  constructor(most: number) {
    this.#most = Math.max(1, most);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  set(key: string, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#most) {
        break;
      }
      this.#values.delete(oldest);
    }
  }

  clear(): void {
    this.#values.clear();
  }
}

/** Puts a window together from chunks, by the nearest pixel; 255 and 0 where there is none. `chunkAt` answers by the chunk's column and row. */
export function windowOfChunks(
  { pixelWindow, outputSize }: { readonly pixelWindow: PixelWindow; readonly outputSize: PixelSize },
  chunkAt: (column: number, row: number) => BlendedChunk | null,
): ClassWindow {
  const { width, height } = outputSize;
  const ids = new Uint8Array(width * height).fill(UNLABELLED_ID);
  const confidence = new Uint8Array(width * height);
  const entropy = new Uint8Array(width * height);
  const columns = Array.from({ length: width }, (_, index) =>
    Math.floor(pixelWindow.x + ((index + 0.5) * pixelWindow.width) / width),
  );
  for (let row = 0; row < height; row += 1) {
    const y = Math.floor(pixelWindow.y + ((row + 0.5) * pixelWindow.height) / height);
    let chunkColumn = Number.NaN;
    let chunk: BlendedChunk | null = null;
    for (const [index, x] of columns.entries()) {
      const column = Math.floor(x / CHUNK_PIXELS);
      if (column !== chunkColumn) {
        chunkColumn = column;
        chunk = chunkAt(column, Math.floor(y / CHUNK_PIXELS));
      }
      if (chunk === null) {
        continue;
      }
      const inside = { x: x - chunk.pixelWindow.x, y: y - chunk.pixelWindow.y };
      if (inside.x < chunk.pixelWindow.width && inside.y < chunk.pixelWindow.height) {
        const from = inside.y * chunk.pixelWindow.width + inside.x;
        const to = row * width + index;
        ids[to] = chunk.ids[from] as number;
        confidence[to] = chunk.confidence[from] as number;
        entropy[to] = chunk.entropy[from] as number;
      }
    }
  }
  return { width, height, ids, confidence, entropy };
}
