import { windowIntersection, type PixelSize, type PixelWindow } from "../geo/pixel-window.ts";
import { findValue, findValueBefore } from "./find-value.ts";
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
  /** Pixels to spread from, by block, as positions in it. */
  let waiting = new Map<number, number[]>();
  for (const { x, y } of seeds) {
    const key = keyOf(x, y);
    const window = windowOf(key);
    const list = waiting.get(key) ?? [];
    waiting.set(key, list);
    list.push((y - window.y) * window.width + x - window.x);
  }
  let pixels = 0;
  let isWhole = true;
  while (waiting.size > 0) {
    const wave = [...waiting.keys()];
    const missing = wave.filter((key) => !blocks.has(key));
    const room = Math.max(0, options.mostBlocks - blocks.size);
    isWhole &&= missing.length <= room;
    const wanted = missing.slice(0, room).map(async (key) => {
      const window = windowOf(key);
      const members = await readMembers(window);
      options.signal?.throwIfAborted();
      blocks.set(key, { window, members, mask: new Uint8Array(window.width * window.height) });
    });
    await Promise.all(wanted);
    const next = new Map<number, number[]>();
    for (const key of wave) {
      const block = blocks.get(key);
      const starts = waiting.get(key) ?? [];
      const added =
        block === undefined ? 0 : floodFill(block.mask, block.window.width, block.members, starts);
      pixels += added;
      for (const side of added === 0 || block === undefined ? [] : sidesOf(block.window, size, keyOf)) {
        const list = next.get(side.neighbour) ?? [];
        spread(block as Block, side, blocks.get(side.neighbour) ?? null, windowOf(side.neighbour), list);
        if (list.length > 0) {
          next.set(side.neighbour, list);
        }
      }
    }
    waiting = next;
  }
  return pixels === 0 ? null : { ...assembled([...blocks.values()]), pixels, isWhole };
}

/** A side of a block beyond which there is another one. */
interface Side {
  readonly neighbour: number;
  /** From the block to its neighbour. */
  readonly right: -1 | 0 | 1;
  readonly down: -1 | 0 | 1;
}

function sidesOf(
  { x, y, width, height }: PixelWindow,
  size: PixelSize,
  keyOf: (x: number, y: number) => number,
): Side[] {
  const sides: Side[] = [];
  if (y > 0) {
    sides.push({ neighbour: keyOf(x, y - 1), right: 0, down: -1 });
  }
  if (y + height < size.height) {
    sides.push({ neighbour: keyOf(x, y + height), right: 0, down: 1 });
  }
  if (x > 0) {
    sides.push({ neighbour: keyOf(x - 1, y), right: -1, down: 0 });
  }
  if (x + width < size.width) {
    sides.push({ neighbour: keyOf(x + width, y), right: 1, down: 0 });
  }
  return sides;
}

/** Adds the pixels of the neighbour (as positions in it) that lie beside filled ones of a block's rim, those left out that it is known not to spread to. */
function spread(
  { window, mask }: Block,
  { right, down }: Side,
  other: Block | null,
  otherWindow: PixelWindow,
  starts: number[],
): void {
  const { width, height } = window;
  const length = down === 0 ? height : width;
  const own = {
    from: down === 1 ? (height - 1) * width : right === 1 ? width - 1 : 0,
    step: down === 0 ? width : 1,
  };
  const theirs = {
    from:
      down === -1 ? (otherWindow.height - 1) * otherWindow.width : right === -1 ? otherWindow.width - 1 : 0,
    step: down === 0 ? otherWindow.width : 1,
  };
  for (let index = 0; index < length; index++) {
    const position = theirs.from + index * theirs.step;
    if (
      mask[own.from + index * own.step] === 1 &&
      (other === null || (other.members[position] === 1 && other.mask[position] === 0))
    ) {
      starts.push(position);
    }
  }
}

/** The smallest window around what is filled, and its pixels. */
function assembled(blocks: readonly Block[]): Pick<FloodedRegion, "pixelWindow" | "mask"> {
  const filled = blocks.map(filledWindow).filter((window) => window !== null);
  const x = Math.min(...filled.map((window) => window.x));
  const y = Math.min(...filled.map((window) => window.y));
  const width = Math.max(...filled.map((window) => window.x + window.width)) - x;
  const height = Math.max(...filled.map((window) => window.y + window.height)) - y;
  const pixelWindow = { x, y, width, height };
  const mask = new Uint8Array(width * height);
  for (const { window, mask: part } of blocks) {
    const shared = windowIntersection(window, pixelWindow);
    for (let row = shared?.y ?? 0; shared !== null && row < shared.y + shared.height; row++) {
      const from = (row - window.y) * window.width + shared.x - window.x;
      mask.set(part.subarray(from, from + shared.width), (row - y) * width + shared.x - x);
    }
  }
  return { pixelWindow, mask };
}

/** The smallest window around the filled pixels of a block; null without any. */
function filledWindow({ window, mask }: Block): PixelWindow | null {
  const { width, height } = window;
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let row = 0; row < height; row++) {
    const [start, end] = [row * width, (row + 1) * width];
    const first = findValue(mask, 1, start, end);
    if (first < end) {
      left = Math.min(left, first - start);
      right = Math.max(right, findValueBefore(mask, 1, end, start) - start + 1);
      top = Math.min(top, row);
      bottom = row + 1;
    }
  }
  return bottom === 0
    ? null
    : { x: window.x + left, y: window.y + top, width: right - left, height: bottom - top };
}
