import type { PixelSize, PixelWindow } from "../geo/pixel-window.ts";
import { floodFill } from "./flood.ts";

/** Side of the squares that a large raster is looked at in: a chunk of the labels. */
export const BLOCK_SIDE = 512;

/** A connected region of a raster. */
export interface FloodedRegion {
  readonly pixelWindow: PixelWindow;
  /** 1 inside, row-major in the window. */
  readonly mask: Uint8Array<ArrayBuffer>;
  readonly pixels: number;
  /** False when it goes on beyond the blocks that were to be looked at. */
  readonly isWhole: boolean;
}

interface Block {
  readonly window: PixelWindow;
  readonly members: Uint8Array;
  readonly mask: Uint8Array;
}

/**
 * The region of members that is connected (by sides) with some pixels. Only blocks that it reaches are read: `readMembers` answers 1 for each pixel of a
 * window that belongs to what is sought. Null when none of the seeds does.
 */
export async function floodBlocks(
  size: PixelSize,
  seeds: readonly { readonly x: number; readonly y: number }[],
  readMembers: (window: PixelWindow) => Promise<Uint8Array>,
  options: { readonly mostBlocks: number; readonly signal?: AbortSignal },
): Promise<FloodedRegion | null> {
  const columns = Math.ceil(size.width / BLOCK_SIDE);
  const blocks = new Map<number, Block>();
  const keyOf = (x: number, y: number): number =>
    Math.floor(y / BLOCK_SIDE) * columns + Math.floor(x / BLOCK_SIDE);
  const windowOf = (key: number): PixelWindow => {
    const x = (key % columns) * BLOCK_SIDE;
    const y = Math.floor(key / columns) * BLOCK_SIDE;
    const [width, height] = [Math.min(BLOCK_SIDE, size.width - x), Math.min(BLOCK_SIDE, size.height - y)];
    return { x, y, width, height };
  };
  /** Pixels to spread from, by block, in mosaic coordinates. */
  let waiting = new Map<number, [number, number][]>();
  for (const { x, y } of seeds) {
    const key = keyOf(x, y);
    waiting.set(key, [...(waiting.get(key) ?? []), [x, y]]);
  }
  let pixels = 0;
  let isWhole = true;
  while (waiting.size > 0) {
    const wave = [...waiting.keys()];
    const missing = wave.filter((key) => !blocks.has(key));
    const room = options.mostBlocks - blocks.size;
    isWhole &&= missing.length <= room;
    await Promise.all(
      missing.slice(0, Math.max(0, room)).map(async (key) => {
        const window = windowOf(key);
        const members = await readMembers(window);
        options.signal?.throwIfAborted();
        blocks.set(key, { window, members, mask: new Uint8Array(window.width * window.height) });
      }),
    );
    const next = new Map<number, [number, number][]>();
    for (const key of wave) {
      const block = blocks.get(key);
      if (block === undefined) {
        continue;
      }
      const { window, members, mask } = block;
      const starts = (waiting.get(key) ?? []).map(([x, y]) => (y - window.y) * window.width + x - window.x);
      const added = floodFill(mask, window.width, members, starts);
      pixels += added;
      if (added > 0) {
        for (const [x, y] of beyondBorder(block, size)) {
          const neighbour = keyOf(x, y);
          const other = blocks.get(neighbour);
          const index =
            other === undefined ? -1 : (y - other.window.y) * other.window.width + x - other.window.x;
          if (other === undefined || (other.members[index] === 1 && other.mask[index] === 0)) {
            const list = next.get(neighbour) ?? [];
            next.set(neighbour, list);
            list.push([x, y]);
          }
        }
      }
    }
    waiting = next;
  }
  return pixels === 0 ? null : { ...assembled([...blocks.values()]), pixels, isWhole };
}

/** Pixels of neighbouring blocks beside those of the block's rim that are filled. */
function* beyondBorder({ window, mask }: Block, size: PixelSize): Generator<[number, number]> {
  const { x, y, width, height } = window;
  for (let column = 0; column < width; column++) {
    if (y > 0 && mask[column] === 1) {
      yield [x + column, y - 1];
    }
    if (y + height < size.height && mask[(height - 1) * width + column] === 1) {
      yield [x + column, y + height];
    }
  }
  for (let row = 0; row < height; row++) {
    if (x > 0 && mask[row * width] === 1) {
      yield [x - 1, y + row];
    }
    if (x + width < size.width && mask[row * width + width - 1] === 1) {
      yield [x + width, y + row];
    }
  }
}

function assembled(blocks: readonly Block[]): Pick<FloodedRegion, "pixelWindow" | "mask"> {
  const x = Math.min(...blocks.map(({ window }) => window.x));
  const y = Math.min(...blocks.map(({ window }) => window.y));
  const width = Math.max(...blocks.map(({ window }) => window.x + window.width)) - x;
  const height = Math.max(...blocks.map(({ window }) => window.y + window.height)) - y;
  const mask = new Uint8Array(width * height);
  for (const { window, mask: part } of blocks) {
    for (let row = 0; row < window.height; row++) {
      const to = (window.y + row - y) * width + window.x - x;
      mask.set(part.subarray(row * window.width, (row + 1) * window.width), to);
    }
  }
  return { pixelWindow: { x, y, width, height }, mask };
}
