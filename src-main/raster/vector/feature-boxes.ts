type Box = readonly [minX: number, minY: number, maxX: number, maxY: number];

/** The boxes of a file's features, as they come. */
export class FeatureBoxes {
  #values = new Float64Array(1 << 12);
  #count = 0;

  add(box: Box): void {
    if ((this.#count + 1) * 4 > this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values.set(box, this.#count * 4);
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  box(index: number): Box {
    const [minX = 0, minY = 0, maxX = 0, maxY = 0] = this.#values.subarray(index * 4, index * 4 + 4);
    return [minX, minY, maxX, maxY];
  }

  /** The box of all, or null without any. */
  extent(): Box | null {
    if (this.#count === 0) {
      return null;
    }
    let [minX, minY, maxX, maxY] = this.box(0);
    for (let index = 1; index < this.#count; index += 1) {
      const at = index * 4;
      minX = Math.min(minX, this.#values[at] as number);
      minY = Math.min(minY, this.#values[at + 1] as number);
      maxX = Math.max(maxX, this.#values[at + 2] as number);
      maxY = Math.max(maxY, this.#values[at + 3] as number);
    }
    return [minX, minY, maxX, maxY];
  }

  /** The features by the place of their centres on a Hilbert curve of 65,536 × 65,536 cells, so that neighbours are near each other. */
  alongHilbertCurve(): Uint32Array {
    const extent = this.extent() ?? [0, 0, 0, 0];
    const width = extent[2] - extent[0] || 1;
    const height = extent[3] - extent[1] || 1;
    const places = new Uint32Array(this.#count);
    for (let index = 0; index < this.#count; index += 1) {
      const at = index * 4;
      const x = ((this.#values[at] as number) + (this.#values[at + 2] as number)) / 2;
      const y = ((this.#values[at + 1] as number) + (this.#values[at + 3] as number)) / 2;
      places[index] = hilbertPlace(
        Math.floor((65_535 * (x - extent[0])) / width),
        Math.floor((65_535 * (y - extent[1])) / height),
      );
    }
    return Uint32Array.from({ length: this.#count }, (_, index) => index).sort(
      (first, second) => (places[first] as number) - (places[second] as number) || first - second,
    );
  }
}

/** Where a cell of a 65,536 × 65,536 grid stands on the Hilbert curve (Skilling 2004, in the plain form of two dimensions). */
function hilbertPlace(column: number, row: number): number {
  let x = column;
  let y = row;
  let place = 0;
  for (let side = 32_768; side > 0; side >>= 1) {
    const right = (x & side) > 0 ? 1 : 0;
    const top = (y & side) > 0 ? 1 : 0;
    place += side * side * ((3 * right) ^ top);
    if (top === 0) {
      if (right === 1) {
        x = 65_535 - x;
        y = 65_535 - y;
      }
      [x, y] = [y, x];
    }
  }
  return place;
}
