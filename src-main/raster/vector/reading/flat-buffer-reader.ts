import { viewOf } from "./buffered-source.ts";

/** A table with something in it and its place in a list take at least so many bytes. */
const tableBytes = 32;

/** The bytes of a FlatBuffer, and how many more of them may be taken. */
interface Whole {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  left: number;
}

/**
 * A table of a FlatBuffer (https://flatbuffers.dev/internals/), its fields read by their numbers. Every getter throws a RangeError beyond the end, and where
 * all that was taken is more than the buffer can hold: tables that share their parts would come to any amount.
 */
export class FlatTable {
  readonly #whole: Whole;
  readonly #at: number;

  private constructor(whole: Whole, at: number) {
    this.#whole = whole;
    this.#at = at;
  }

  /** The root table of a buffer without its size in front. */
  static root(bytes: Uint8Array): FlatTable {
    const view = viewOf(bytes);
    // Twice: writers may let equal texts share a place.
    return new FlatTable({ bytes, view, left: bytes.length * 2 + 1024 }, view.getUint32(0, true));
  }

  u8(field: number, byDefault: number): number {
    const place = this.#place(field);
    return place === 0 ? byDefault : this.#whole.view.getUint8(place);
  }

  u16(field: number, byDefault: number): number {
    const place = this.#place(field);
    return place === 0 ? byDefault : this.#whole.view.getUint16(place, true);
  }

  i32(field: number, byDefault: number): number {
    const place = this.#place(field);
    return place === 0 ? byDefault : this.#whole.view.getInt32(place, true);
  }

  u64(field: number, byDefault: number): number {
    const place = this.#place(field);
    return place === 0 ? byDefault : Number(this.#whole.view.getBigUint64(place, true));
  }

  text(field: number): string | null {
    const bytes = this.bytes(field);
    return bytes === null ? null : Buffer.from(bytes).toString("utf8");
  }

  bytes(field: number): Uint8Array | null {
    const vector = this.#vector(field, 1);
    return vector === null ? null : this.#whole.bytes.subarray(vector.start, vector.start + vector.length);
  }

  uints(field: number): Uint32Array | null {
    const vector = this.#vector(field, 4);
    return vector === null
      ? null
      : Uint32Array.from({ length: vector.length }, (_, index) =>
          this.#whole.view.getUint32(vector.start + index * 4, true),
        );
  }

  doubles(field: number): Float64Array | null {
    const vector = this.#vector(field, 8);
    return vector === null
      ? null
      : Float64Array.from({ length: vector.length }, (_, index) =>
          this.#whole.view.getFloat64(vector.start + index * 8, true),
        );
  }

  table(field: number): FlatTable | null {
    const place = this.#place(field);
    return place === 0 ? null : new FlatTable(this.#whole, place + this.#whole.view.getUint32(place, true));
  }

  tables(field: number): FlatTable[] {
    const vector = this.#vector(field, 4, tableBytes);
    return vector === null
      ? []
      : Array.from({ length: vector.length }, (_, index) => {
          const slot = vector.start + index * 4;
          return new FlatTable(this.#whole, slot + this.#whole.view.getUint32(slot, true));
        });
  }

  /** Where a field stands, 0 where the table hasn't got it. */
  #place(field: number): number {
    const vtable = this.#at - this.#whole.view.getInt32(this.#at, true);
    const slot = 4 + field * 2;
    const offset =
      slot + 2 > this.#whole.view.getUint16(vtable, true)
        ? 0
        : this.#whole.view.getUint16(vtable + slot, true);
    return offset === 0 ? 0 : this.#at + offset;
  }

  #vector(
    field: number,
    itemBytes: number,
    takenBytes = itemBytes,
  ): { readonly start: number; readonly length: number } | null {
    const place = this.#place(field);
    if (place === 0) {
      return null;
    }
    const at = place + this.#whole.view.getUint32(place, true);
    const length = this.#whole.view.getUint32(at, true);
    if (at + 4 + length * itemBytes > this.#whole.bytes.length) {
      throw new RangeError(`a list of ${length} items beyond the end`);
    }
    this.#whole.left -= length * takenBytes;
    if (this.#whole.left < 0) {
      throw new RangeError("its parts take more than all of its bytes, some of them more than once");
    }
    return { start: at + 4, length };
  }
}
