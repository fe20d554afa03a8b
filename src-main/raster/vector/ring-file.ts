import type { KeptRings, RingSpool } from "../polygons/ring-spool.ts";
import type { RingBatch } from "../polygons/traced-polygon.ts";
import { AppendFile } from "./append-file.ts";

/** Rings of open regions in a temporary file beside the one that is being written: their ends, then their positions, as 32-bit integers. */
export class RingFile implements RingSpool {
  readonly #file: AppendFile;

  private constructor(file: AppendFile) {
    this.#file = file;
  }

  static async create(filePath: string): Promise<RingFile> {
    return new RingFile(await AppendFile.create(filePath, ".rings"));
  }

  keep({ coordinates, ringEnds }: RingBatch): KeptRings {
    const place = this.#file.length;
    this.#file.append(bytesOf(Int32Array.from(ringEnds)));
    this.#file.append(bytesOf(coordinates));
    return { place, numbers: coordinates.length, rings: ringEnds.length };
  }

  read({ place, numbers, rings }: KeptRings): RingBatch {
    const all = new Int32Array(rings + numbers);
    this.#file.read(bytesOf(all), place);
    return { ringEnds: all.subarray(0, rings), coordinates: all.subarray(rings) };
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }
}

function bytesOf(numbers: Int32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
