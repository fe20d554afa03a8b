const sizeStep = 64 * 2 ** 10;

/**
 * Memory that decoding threads write blocks into and that the cache then keeps. It is shared, so that nothing is copied, moved or left to the
 * garbage collector, and written to again once the cache lets go of it.
 */
export class Slabs {
  readonly #mostSpareBytes: number;
  readonly #spare: SharedArrayBuffer[] = [];
  #spareBytes = 0;

  constructor({ mostSpareBytes }: { readonly mostSpareBytes: number }) {
    this.#mostSpareBytes = mostSpareBytes;
  }

  /** Memory of at least the given length with anything in it; the taker's until it is given back. */
  take(length: number): SharedArrayBuffer {
    const place = this.#spare.findIndex(
      ({ byteLength }) => byteLength >= length && byteLength <= length * 1.125 + sizeStep,
    );
    const [found] = place < 0 ? [] : this.#spare.splice(place, 1);
    if (found !== undefined) {
      this.#spareBytes -= found.byteLength;
      return found;
    }
    return new SharedArrayBuffer(Math.ceil(length / sizeStep) * sizeStep);
  }

  /**
   * Takes memory back. It is handed out again from the next turn of the event loop on: whoever was promised blocks in it has
   * copied them by then.
   */
  give(slab: SharedArrayBuffer): void {
    setImmediate(() => {
      if (this.#spareBytes + slab.byteLength <= this.#mostSpareBytes) {
        this.#spare.push(slab);
        this.#spareBytes += slab.byteLength;
      }
    });
  }
}
