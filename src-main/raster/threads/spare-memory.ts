const sizeStep = 64 * 2 ** 10;

/**
 * Memory that has been read into and decoded from, for the next read: left to the garbage collector it would pile up in
 * every thread to tens of megabytes before that notices.
 */
export class SpareMemory {
  readonly #maxBytes: number;
  readonly #buffers: ArrayBuffer[] = [];
  #bytes = 0;

  constructor({ maxBytes }: { readonly maxBytes: number }) {
    this.#maxBytes = maxBytes;
  }

  /** Memory of the given length with anything in it; the taker's alone. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const place = this.#buffers.findIndex(
      ({ byteLength }) => byteLength >= length && byteLength <= 2 * length + sizeStep,
    );
    const [found] = place < 0 ? [] : this.#buffers.splice(place, 1);
    if (found !== undefined) {
      this.#bytes -= found.byteLength;
      return new Uint8Array(found, 0, length);
    }
    const { buffer } = Buffer.allocUnsafeSlow(Math.ceil(length / sizeStep) * sizeStep);
    return new Uint8Array(buffer, 0, length);
  }

  /** Takes memory back that nobody uses any more. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength >= sizeStep && this.#bytes + buffer.byteLength <= this.#maxBytes) {
      this.#buffers.push(buffer);
      this.#bytes += buffer.byteLength;
    }
  }
}
