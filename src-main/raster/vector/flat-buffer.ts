/** A field of a table: its number in the schema and what it holds. */
export type FlatField =
  | { readonly id: number; readonly kind: "u8" | "u16" | "i32" | "u64"; readonly value: number }
  | { readonly id: number; readonly kind: "text"; readonly value: string }
  | { readonly id: number; readonly kind: "bytes"; readonly value: Uint8Array }
  | { readonly id: number; readonly kind: "uints"; readonly value: ArrayLike<number> }
  | { readonly id: number; readonly kind: "doubles"; readonly value: ArrayLike<number> }
  | { readonly id: number; readonly kind: "table"; readonly value: readonly FlatField[] }
  | { readonly id: number; readonly kind: "tables"; readonly value: readonly (readonly FlatField[])[] };

const inlineBytes = {
  u8: 1,
  u16: 2,
  i32: 4,
  u64: 8,
  text: 4,
  bytes: 4,
  uints: 4,
  doubles: 4,
  table: 4,
  tables: 4,
} as const;

/**
 * Encodes a table as a FlatBuffer with its size in front (https://flatbuffers.dev/internals/).
 *
 * Written from front to back: tables stand before what they point to, which the format allows and which needs no second copy.
 * With `laterDoubles`, the last field in it is an empty list of doubles: so many are to be appended by the caller, and are counted in.
 */
export function encodeFlatBuffer(root: readonly FlatField[], laterDoubles = 0): Uint8Array {
  const target = new Target(64 + bytesOf(root));
  target.at = 4;
  const rootPlace = target.at;
  target.at += 4;
  target.view.setUint32(rootPlace + 4, 0, true);
  const table = writeTable(target, root);
  // Offsets count from the place that holds them; positions here count from behind the size.
  target.view.setUint32(rootPlace, table - rootPlace, true);
  target.view.setUint32(0, target.at - 4 + laterDoubles * 8, true);
  if (laterDoubles > 0) {
    target.view.setUint32(target.at - 4, laterDoubles, true);
  }
  return target.bytes.subarray(0, target.at);
}

class Target {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Moves on until what comes `ahead` bytes further is aligned, seen from behind the size. */
  align(to: number, ahead = 0): void {
    while ((this.at - 4 + ahead) % to !== 0) {
      this.at += 1;
    }
  }
}

/** At least what a table will take. */
function bytesOf(fields: readonly FlatField[]): number {
  return fields.reduce((sum, field) => {
    switch (field.kind) {
      case "text":
        return sum + 24 + field.value.length * 3;
      case "bytes":
        return sum + 24 + field.value.length;
      case "uints":
        return sum + 24 + field.value.length * 4;
      case "doubles":
        return sum + 32 + field.value.length * 8;
      case "table":
        return sum + 16 + bytesOf(field.value);
      case "tables":
        return sum + 24 + field.value.reduce((all, table) => all + 16 + bytesOf(table), 0);
      default:
        return sum + 16;
    }
  }, 96);
}

function writeTable(target: Target, fields: readonly FlatField[]): number {
  const { view } = target;
  const slots = Math.max(-1, ...fields.map(({ id }) => id)) + 1;
  const vtableBytes = 4 + slots * 2;
  target.align(2);
  // The table's first field stands four bytes behind its start: where eight bytes are aligned, so is everything smaller.
  target.align(8, vtableBytes + 4);
  const vtable = target.at;
  const table = vtable + vtableBytes;
  const ordered = [...fields].sort((first, second) => inlineBytes[second.kind] - inlineBytes[first.kind]);
  let place = 4;
  const places = ordered.map((field) => {
    const own = place;
    place += inlineBytes[field.kind];
    view.setUint16(vtable + 4 + field.id * 2, own, true);
    return own;
  });
  view.setUint16(vtable, vtableBytes, true);
  view.setUint16(vtable + 2, place, true);
  view.setInt32(table, table - vtable, true);
  target.at = table + place;
  ordered.forEach((field, index) => {
    writeField(target, field, table + (places[index] as number));
  });
  return table;
}

function writeField(target: Target, field: FlatField, place: number): void {
  const { view } = target;
  const pointTo = (position: number): void => {
    view.setUint32(place, position - place, true);
  };
  const beginVector = (length: number): void => {
    pointTo(target.at);
    view.setUint32(target.at, length, true);
    target.at += 4;
  };
  switch (field.kind) {
    case "u8":
      view.setUint8(place, field.value);
      return;
    case "u16":
      view.setUint16(place, field.value, true);
      return;
    case "i32":
      view.setInt32(place, field.value, true);
      return;
    case "u64":
      view.setBigUint64(place, BigInt(field.value), true);
      return;
    case "text": {
      const text = Buffer.from(field.value, "utf8");
      target.align(4);
      beginVector(text.length);
      target.bytes.set(text, target.at);
      target.at += text.length + 1;
      return;
    }
    case "bytes":
      target.align(4);
      beginVector(field.value.length);
      target.bytes.set(field.value, target.at);
      target.at += field.value.length;
      return;
    case "uints":
      target.align(4);
      beginVector(field.value.length);
      for (let index = 0; index < field.value.length; index += 1) {
        view.setUint32(target.at, field.value[index] as number, true);
        target.at += 4;
      }
      return;
    case "doubles":
      target.align(8, 4);
      beginVector(field.value.length);
      for (let index = 0; index < field.value.length; index += 1) {
        view.setFloat64(target.at, field.value[index] as number, true);
        target.at += 8;
      }
      return;
    case "table":
      pointTo(writeTable(target, field.value));
      return;
    case "tables": {
      target.align(4);
      beginVector(field.value.length);
      const slots = target.at;
      target.at += field.value.length * 4;
      field.value.forEach((item, index) => {
        const slot = slots + index * 4;
        view.setUint32(slot, writeTable(target, item) - slot, true);
      });
      return;
    }
  }
}
