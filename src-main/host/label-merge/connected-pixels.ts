/** 1 at the pixels of a mask (row-major) that are connected (8 neighbours) with one of it; none where that is 0. */
export function connectedPixels(mask: Uint8Array, width: number, start: number): Uint8Array {
  const found = new Uint8Array(mask.length);
  const height = mask.length / width;
  // Pixels whose neighbours are still to be looked at; each gets in once.
  const open: number[] = [];
  const visit = (pixel: number): void => {
    if (mask[pixel] === 1 && found[pixel] === 0) {
      found[pixel] = 1;
      open.push(pixel);
    }
  };
  visit(start);
  for (let pixel = open.pop(); pixel !== undefined; pixel = open.pop()) {
    const [column, row] = [pixel % width, Math.floor(pixel / width)];
    for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
        visit(y * width + x);
      }
    }
  }
  return found;
}
