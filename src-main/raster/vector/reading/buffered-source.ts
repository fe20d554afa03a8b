import type { ByteSource } from "../../byte-source.ts";

const readBytes = 1 << 20;

/** Reads small pieces of a file, mostly one after the other, through a megabyte of memory. */
export class BufferedSource {
  readonly source: ByteSource;
  #from = 0;
  #bytes = new Uint8Array(0);

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Bytes of a range; they are overwritten by nothing, but belong to a larger piece: copy what is kept. Throws "damaged" beyond the end. */
  async take(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (offset < this.#from || offset + length > this.#from + this.#bytes.length) {
      const most = Math.max(length, Math.min(readBytes, this.source.size - offset));
      this.#bytes = await this.source.read(offset, most, { signal });
      this.#from = offset;
    }
    return this.#bytes.subarray(offset - this.#from, offset - this.#from + length);
  }
}

/** A view of a piece, for its numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
