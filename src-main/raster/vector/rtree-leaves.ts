import { AppendFile } from "./append-file.ts";
import { FeatureBoxes, joinedBoxes, type Box } from "./feature-boxes.ts";

/** Cells of a node, as SQLite's R*Tree module reckons for pages of 4096 bytes and two dimensions of 32-bit floats. */
export const mostCells = 51;
/** A cell: the number of a feature or node in eight bytes, then minX, maxX, minY, maxY. */
export const cellBytes = 24;

/** Features that are sorted together: they fill whole nodes, of the level above the leaves too. */
const runFeatures = mostCells * mostCells * 80;
const runBytes = runFeatures * (cellBytes + 4);

/**
 * The leaves of a spatial index, made while features come and kept in a temporary file beside the one that is being written.
 *
 * Polygons come from top to bottom, so that 208,080 of them are a strip of the raster: each such run is sorted along a Hilbert curve of its own
 * and packed, and its boxes are forgotten. In memory are a run and a box for every leaf.
 */
export class RtreeLeaves {
  readonly #file: AppendFile;
  #run = new FeatureBoxes("single");
  #earlier = 0;
  #extent: Box | null = null;
  /** The box of each leaf that is packed. */
  readonly boxes = new FeatureBoxes("single");

  private constructor(file: AppendFile) {
    this.#file = file;
  }

  static async create(filePath: string): Promise<RtreeLeaves> {
    return new RtreeLeaves(await AppendFile.create(filePath, ".boxes"));
  }

  /** Features so far. */
  get count(): number {
    return this.#earlier + this.#run.count;
  }

  /** The box of all features, in double precision, or null without any. */
  extent(): Box | null {
    return joinedBoxes(this.#extent, this.#run.extent());
  }

  /** Takes the box of the next feature; they are numbered from 1. */
  add(box: Box): void {
    this.#run.add(box);
    if (this.#run.count === runFeatures) {
      this.endRun();
    }
  }

  /** Packs what has come since the last run; the last one may be shorter than the others. */
  endRun(): void {
    const run = this.#run;
    if (run.count === 0) {
      return;
    }
    const order = run.alongHilbertCurve();
    const leafOf = new Uint32Array(run.count);
    const cells = new Uint8Array(mostCells * cellBytes);
    for (let from = 0; from < order.length; from += mostCells) {
      const features = order.subarray(from, from + mostCells);
      let leafBox: Box | null = null;
      for (const [place, feature] of features.entries()) {
        const box = run.box(feature);
        putCell(cells, place * cellBytes, this.#earlier + feature + 1, box);
        leafOf[feature] = this.boxes.count;
        leafBox = joinedBoxes(leafBox, box);
      }
      this.#file.append(cells.subarray(0, features.length * cellBytes));
      this.boxes.add(leafBox ?? [0, 0, 0, 0]);
    }
    this.#file.append(new Uint8Array(leafOf.buffer));
    this.#extent = this.extent();
    this.#earlier += run.count;
    this.#run = new FeatureBoxes("single");
  }

  /** The cells of each packed leaf, one leaf after the other; what is handed out is written over afterwards. */
  *cells(): Generator<Uint8Array> {
    const cells = new Uint8Array(mostCells * cellBytes);
    for (const { features, place } of this.#runs()) {
      for (let from = 0; from < features; from += mostCells) {
        const own = cells.subarray(0, Math.min(mostCells, features - from) * cellBytes);
        this.#file.read(own, place + from * cellBytes);
        yield own;
      }
    }
  }

  /** In which leaf (counted from 0) each feature is, run after run in the order in which they came. */
  *leavesOfFeatures(): Generator<Uint32Array> {
    for (const { features, place } of this.#runs()) {
      const leafOf = new Uint32Array(features);
      this.#file.read(new Uint8Array(leafOf.buffer), place + features * cellBytes);
      yield leafOf;
    }
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }

  *#runs(): Generator<{ readonly features: number; readonly place: number }> {
    for (let first = 0, place = 0; first < this.#earlier; first += runFeatures, place += runBytes) {
      yield { features: Math.min(runFeatures, this.#earlier - first), place };
    }
  }
}

/** Writes a cell of a node, big-endian as SQLite has it. */
export function putCell(bytes: Uint8Array, at: number, id: number, [minX, minY, maxX, maxY]: Box): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(at + 4, id);
  view.setFloat32(at + 8, minX);
  view.setFloat32(at + 12, maxX);
  view.setFloat32(at + 16, minY);
  view.setFloat32(at + 20, maxY);
}
