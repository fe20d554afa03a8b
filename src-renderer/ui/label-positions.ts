/**
 * Moves labels that would lie on one another apart, as little as possible, between `top` and `bottom`. Positions are
 * centres, larger is further down; null stays null. Keeps the order of the labels.
 */
export function labelPositions(
  wanted: readonly (number | null)[],
  height: number,
  top: number,
  bottom: number,
): (number | null)[] {
  const order = wanted
    .flatMap((position, index) => (position === null ? [] : [{ position, index }]))
    .sort((first, second) => first.position - second.position);
  const placed: (number | null)[] = wanted.map(() => null);
  let least = top + height / 2;
  const downwards = order.map(({ position }) => {
    const at = Math.max(position, least);
    least = at + height;
    return at;
  });
  let most = bottom - height / 2;
  for (let turn = order.length - 1; turn >= 0; turn--) {
    const item = order[turn];
    const at = Math.min(downwards[turn] ?? 0, most);
    most = at - height;
    if (item !== undefined) {
      placed[item.index] = at;
    }
  }
  return placed;
}
