import { AppendFile } from "./append-file.ts";
import { FeatureBoxes, joinedBoxes, type Box } from "./feature-boxes.ts";

/** Children of a node of the tree. */
export const nodeItems = 16;
const nodeItemBytes = 40;

/** Features that are sorted together: they fill whole nodes on every level but the topmost. */
const runFeatures = 2 ** 18;
/** minX, minY, maxX, maxY, start and length in the spool, as doubles. */
const recordNumbers = 6;

/** A feature and where it stands in the spool. */
export interface SpooledFeature {
  readonly box: Box;
  readonly start: number;
  readonly length: number;
}

/**
 * The features of a FlatGeobuf in their final order, kept in a temporary file beside it.
 *
 * Polygons come from top to bottom, so that 262,144 of them are a strip of the raster: each such run is sorted along a Hilbert curve of its own,
 * and only a run and a box for every sixteen features are in memory.
 */
export class SortedFeatures {
  readonly #file: AppendFile;
  #run = new FeatureBoxes("double");
  #starts = new Float64Array(1024);
  #lengths = new Float64Array(1024);
  #earlier = 0;
  #extent: Box | null = null;
  /** The boxes of the lowest nodes. */
  readonly nodes = new FeatureBoxes("double");

  private constructor(file: AppendFile) {
    this.#file = file;
  }

  static async create(filePath: string): Promise<SortedFeatures> {
    return new SortedFeatures(await AppendFile.create(filePath, ".boxes"));
  }

  /** Features so far. */
  get count(): number {
    return this.#earlier + this.#run.count;
  }

  /** The box of all features, or null without any. */
  extent(): Box | null {
    return joinedBoxes(this.#extent, this.#run.extent());
  }

  add({ box, start, length }: SpooledFeature): void {
    const at = this.#run.count;
    if (at === this.#starts.length) {
      this.#starts = grown(this.#starts);
      this.#lengths = grown(this.#lengths);
    }
    this.#starts[at] = start;
    this.#lengths[at] = length;
    this.#run.add(box);
    if (this.#run.count === runFeatures) {
      this.#endRun();
    }
  }

  /** All features, in their order. */
  *sorted(): Generator<SpooledFeature> {
    this.#endRun();
    const numbers = new Float64Array(1024 * recordNumbers);
    const bytes = new Uint8Array(numbers.buffer);
    const recordBytes = recordNumbers * 8;
    for (let first = 0; first < this.#earlier; first += 1024) {
      const count = Math.min(1024, this.#earlier - first);
      this.#file.read(bytes.subarray(0, count * recordBytes), first * recordBytes);
      for (let index = 0; index < count; index += 1) {
        const [minX = 0, minY = 0, maxX = 0, maxY = 0, start = 0, length = 0] = numbers.subarray(
          index * recordNumbers,
          (index + 1) * recordNumbers,
        );
        yield { box: [minX, minY, maxX, maxY], start, length };
      }
    }
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }

  #endRun(): void {
    const run = this.#run;
    if (run.count === 0) {
      return;
    }
    // Highest first: so has the format's own library.
    const order = run.alongHilbertCurve().reverse();
    const record = new Float64Array(recordNumbers);
    const bytes = new Uint8Array(record.buffer);
    for (let from = 0; from < order.length; from += nodeItems) {
      let node: Box | null = null;
      for (const feature of order.subarray(from, from + nodeItems)) {
        const box = run.box(feature);
        record.set(box);
        record[4] = this.#starts[feature] as number;
        record[5] = this.#lengths[feature] as number;
        this.#file.append(bytes);
        node = joinedBoxes(node, box);
      }
      this.nodes.add(node ?? [0, 0, 0, 0]);
    }
    this.#extent = this.extent();
    this.#earlier += run.count;
    this.#run = new FeatureBoxes("double");
  }
}

/** Writes the packed R-tree of features, the root first, sixteen children a node, each with its box and place. */
export function writePackedTree(output: AppendFile, features: SortedFeatures): void {
  const sorted = features.sorted();
  // Asked before the levels: it ends the last run.
  let next = sorted.next();
  const levels = [features.nodes];
  for (let below = features.nodes; below.count > 1;) {
    const own = new FeatureBoxes("double");
    for (let first = 0; first < below.count; first += nodeItems) {
      let node: Box | null = null;
      for (let child = first; child < Math.min(first + nodeItems, below.count); child += 1) {
        node = joinedBoxes(node, below.box(child));
      }
      own.add(node ?? [0, 0, 0, 0]);
    }
    levels.push(own);
    below = own;
  }
  const item = new Uint8Array(nodeItemBytes);
  const view = new DataView(item.buffer);
  const put = (box: Box, place: number): void => {
    box.forEach((value, index) => {
      view.setFloat64(index * 8, value, true);
    });
    view.setBigUint64(32, BigInt(place), true);
    output.append(item);
  };
  let firstBelow = 0;
  for (const level of levels.reverse()) {
    // Each level begins where the one above it ends.
    firstBelow += level.count;
    for (let index = 0; index < level.count; index += 1) {
      put(level.box(index), firstBelow + index * nodeItems);
    }
  }
  let place = 0;
  while (next.done !== true) {
    put(next.value.box, place);
    place += next.value.length;
    next = sorted.next();
  }
}

function grown(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
