import { readSync } from "node:fs";
import type { KeptRings, RingSpool } from "../polygons/ring-spool.ts";
import type { RingBatch } from "../polygons/traced-polygon.ts";
import { AppendFile } from "./append-file.ts";

/** Rings of open regions in a temporary file beside the one that is being written: their ends, then their positions, as 32-bit integers. */
export class RingFile implements RingSpool {
  readonly #file: AppendFile;
  readonly #filePath: string;

  private constructor(file: AppendFile, filePath: string) {
    this.#file = file;
    this.#filePath = filePath;
  }

  static async create(filePath: string): Promise<RingFile> {
    return new RingFile(await AppendFile.create(`${filePath}.rings`), filePath);
  }

  keep({ coordinates, ringEnds }: RingBatch): KeptRings {
    const place = this.#file.length;
    this.#file.append(bytesOf(Int32Array.from(ringEnds)));
    this.#file.append(bytesOf(coordinates));
    return { place, numbers: coordinates.length, rings: ringEnds.length };
  }

  read({ place, numbers, rings }: KeptRings): RingBatch {
    this.#file.flush();
    const all = new Int32Array(rings + numbers);
    const bytes = bytesOf(all);
    for (let done = 0; done < bytes.length;) {
      const read = readSync(this.#file.descriptor, bytes, done, bytes.length - done, place + done);
      if (read === 0) {
        throw new Error(`${this.#filePath}.rings was cut short while it was read`);
      }
      done += read;
    }
    return { ringEnds: all.subarray(0, rings), coordinates: all.subarray(rings) };
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }
}

function bytesOf(numbers: Int32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
