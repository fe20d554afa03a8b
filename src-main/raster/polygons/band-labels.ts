/** What every pixel of a band that belongs to no class holds. */
export const voidClass = 256;

/**
 * Some rows of class ids framed by void columns, with the last row of the rows before on top: row 0 has been traced already.
 *
 * `cells` holds class ids or `voidClass`, `labels` a number for each connected part of the band, 0 for void.
 */
export interface Band {
  readonly cells: Uint16Array;
  readonly labels: Int32Array;
  /** Cells of one row: the raster's width and a void column at either side. */
  readonly stride: number;
  /** Rows without the one on top. */
  readonly rows: number;
  /** Row of the raster that row 1 is. */
  readonly firstRow: number;
}

/** Labels of a band: `rootOf[label]` is the smallest label of the same part, `pixels[root]` its pixels below row 0. */
export interface BandLabels {
  readonly count: number;
  readonly rootOf: Int32Array;
  readonly pixels: Int32Array;
  /** Class id of each label that is not carried over. */
  readonly classOf: Uint8Array;
}

/** Numbers the parts of a band that are connected through edges, keeping the labels 1 to `carried` of row 0. */
export class BandLabeller {
  #parent = new Int32Array(1 << 16);
  #pixels = new Int32Array(1 << 16);
  #classOf = new Uint8Array(1 << 16);

  label({ cells, labels, stride, rows }: Band, carried: number): BandLabels {
    let parent = this.#parent;
    let pixels = this.#pixels;
    let classOf = this.#classOf;
    let count = carried;
    const ensure = (): void => {
      if (count + stride + 2 > parent.length) {
        const length = Math.max(parent.length * 2, count + stride + 2);
        const grownParent = new Int32Array(length);
        grownParent.set(parent);
        const grownPixels = new Int32Array(length);
        grownPixels.set(pixels);
        parent = this.#parent = grownParent;
        pixels = this.#pixels = grownPixels;
        const grownClassOf = new Uint8Array(length);
        grownClassOf.set(classOf);
        classOf = this.#classOf = grownClassOf;
      }
    };
    ensure();
    for (let label = 0; label <= carried; label += 1) {
      parent[label] = label;
      pixels[label] = 0;
    }
    for (let row = 1; row <= rows; row += 1) {
      ensure();
      const end = (row + 1) * stride;
      let left = voidClass;
      let label = 0;
      for (let at = row * stride; at < end; at += 1) {
        const value = cells[at] as number;
        if (value === voidClass) {
          left = voidClass;
          label = 0;
          labels[at] = 0;
          continue;
        }
        const above = at - stride;
        const isLikeAbove = (cells[above] as number) === value;
        if (value !== left) {
          left = value;
          if (isLikeAbove) {
            label = labels[above] as number;
          } else {
            count += 1;
            label = count;
            parent[count] = count;
            pixels[count] = 0;
            classOf[count] = value;
          }
        } else if (isLikeAbove) {
          const other = labels[above] as number;
          if (other !== label) {
            label = joined(parent, label, other);
          }
        }
        labels[at] = label;
        pixels[label] = (pixels[label] as number) + 1;
      }
    }
    for (let label = 1; label <= count; label += 1) {
      // Parents are smaller and have been flattened before.
      const root = parent[parent[label] as number] as number;
      parent[label] = root;
      if (root !== label) {
        pixels[root] = (pixels[root] as number) + (pixels[label] as number);
      }
    }
    return { count, rootOf: parent, pixels, classOf };
  }
}

function joined(parent: Int32Array, first: number, second: number): number {
  let a = rootIn(parent, first);
  let b = rootIn(parent, second);
  if (a > b) {
    [a, b] = [b, a];
  }
  parent[b] = a;
  return a;
}

function rootIn(parent: Int32Array, label: number): number {
  let at = label;
  while (parent[at] !== at) {
    parent[at] = parent[parent[at] as number] as number;
    at = parent[at] as number;
  }
  return at;
}
