/** Set in a traced column where a region meets itself at one corner: the ring may come by there twice. */
export const touchFlag = 1 << 30;
/** Set in a traced column that stands for no corner: kept only while simplifying, at the border of two bands. */
export const seamFlag = 1 << 29;
const columnMask = seamFlag - 1;

/**
 * Splits a ring where it passes one corner twice, so that every part is a simple ring, and hands each on with its area.
 *
 * A region whose pixels meet diagonally is traced around each pixel, which leads an exterior into a hole and out again; standards want
 * two rings that touch. Positions lose their flags; seams on a straight line are dropped. `ring` is overwritten.
 */
export function splitRing(
  ring: Int32Array,
  length: number,
  touches: number,
  emit: (ring: Int32Array, length: number, area: number) => void,
): void {
  if (touches < 2) {
    emitClean(ring, 0, length, emit);
    return;
  }
  // A stack of positions: meeting a corner again cuts off everything since the first time.
  const stack = new Int32Array(length);
  const at = new Map<number, number>();
  let top = 0;
  for (let index = 0; index < length; index += 2) {
    const flagged = ring[index] as number;
    const row = ring[index + 1] as number;
    if ((flagged & touchFlag) !== 0) {
      const key = (flagged & columnMask) * 0x4000000 + row;
      const before = at.get(key);
      if (before !== undefined) {
        for (let inner = before + 2; inner < top; inner += 2) {
          const column = stack[inner] as number;
          if ((column & touchFlag) !== 0) {
            at.delete((column & columnMask) * 0x4000000 + (stack[inner + 1] as number));
          }
        }
        emitClean(stack.slice(before, top), 0, top - before, emit);
        top = before + 2;
        continue;
      }
      at.set(key, top);
    }
    stack[top] = flagged;
    stack[top + 1] = row;
    top += 2;
  }
  emitClean(stack, 0, top, emit);
}

function emitClean(
  ring: Int32Array,
  start: number,
  end: number,
  emit: (ring: Int32Array, length: number, area: number) => void,
): void {
  let length = 0;
  for (let index = start; index < end; index += 2) {
    const flagged = ring[index] as number;
    const column = flagged & columnMask;
    const row = ring[index + 1] as number;
    if ((flagged & seamFlag) !== 0) {
      const previous = index === start ? end - 2 : index - 2;
      const next = index + 2 === end ? start : index + 2;
      // Written positions have lost their flags already; masking them again changes nothing.
      const fromColumn =
        index === start ? (ring[previous] as number) & columnMask : (ring[start + length - 2] as number);
      const fromRow = index === start ? (ring[previous + 1] as number) : (ring[start + length - 1] as number);
      const toColumn = (ring[next] as number) & columnMask;
      const toRow = ring[next + 1] as number;
      if ((column - fromColumn) * (toRow - fromRow) === (row - fromRow) * (toColumn - fromColumn)) {
        continue;
      }
    }
    ring[start + length] = column;
    ring[start + length + 1] = row;
    length += 2;
  }
  const clean = ring.subarray(start, start + length);
  emit(clean, length, areaOf(clean));
}

/** Area in pixels: positive for counter-clockwise as seen on the screen, with rows running down. */
function areaOf(ring: Int32Array): number {
  let twice = 0;
  let column = ring[ring.length - 2] ?? 0;
  let row = ring[ring.length - 1] ?? 0;
  for (let index = 0; index < ring.length; index += 2) {
    const nextColumn = ring[index] as number;
    const nextRow = ring[index + 1] as number;
    twice += nextColumn * row - column * nextRow;
    column = nextColumn;
    row = nextRow;
  }
  return twice / 2;
}
