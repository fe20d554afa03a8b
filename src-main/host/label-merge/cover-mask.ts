import type { PixelWindow } from "#shared/geo/pixel-window.ts";

/** Rectangles that cover exactly the pixels that are 1 in a mask of a window: runs of rows, those that go on below as one. Null for more than `most`. */
export function coverMask(mask: Uint8Array, window: PixelWindow, most: number): PixelWindow[] | null {
  const done: PixelWindow[] = [];
  let above = new Map<string, PixelWindow>();
  for (let row = 0; row <= window.height; row++) {
    const here = new Map<string, PixelWindow>();
    for (let column = 0; row < window.height && column < window.width; column++) {
      const start = column;
      while (column < window.width && mask[row * window.width + column] === 1) {
        column += 1;
      }
      if (column > start) {
        const key = `${start} ${column}`;
        const known = above.get(key);
        here.set(
          key,
          known === undefined
            ? { x: window.x + start, y: window.y + row, width: column - start, height: 1 }
            : { ...known, height: known.height + 1 },
        );
      }
    }
    for (const [key, rectangle] of above) {
      if (!here.has(key)) {
        done.push(rectangle);
      }
    }
    if (done.length + here.size > most) {
      return null;
    }
    above = here;
  }
  return done;
}
