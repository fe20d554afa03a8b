import type { PixelPoint } from "#shared/labels/label-edit.ts";

/** A ring with one corner elsewhere. */
export function movedCorner(ring: readonly PixelPoint[], corner: number, to: PixelPoint): PixelPoint[] {
  return ring.map((point, index) => (index === corner ? to : point));
}

/** A ring with one more corner, in the middle of the edge that begins at `edge`. */
export function withCorner(ring: readonly PixelPoint[], edge: number): PixelPoint[] {
  const [from, to] = [ring[edge], ring[(edge + 1) % ring.length]];
  if (from === undefined || to === undefined) {
    return [...ring];
  }
  const middle: PixelPoint = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  return [...ring.slice(0, edge + 1), middle, ...ring.slice(edge + 1)];
}

/** A ring without one of its corners; null where it has no more than three. */
export function withoutCorner(ring: readonly PixelPoint[], corner: number): PixelPoint[] | null {
  return ring.length <= 3 ? null : ring.filter((_, index) => index !== corner);
}
