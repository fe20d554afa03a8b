/** Values within values beyond which a frame is refused; the contract's deepest has about ten. */
const DEEPEST = 64;

/**
 * Throws unless a frame's MessagePack is one whole value whose lengths are true. A decoder makes room for as many items as a header
 * claims: a few bytes could claim gigabytes. Here nothing is made, and what a header claims has to be able to follow.
 */
export function checkFrame(frame: Uint8Array): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  /** How many values are still to come in each of the values that are open, and in all of them. */
  const open: number[] = [];
  let awaited = 1;
  let offset = 0;
  while (awaited > 0) {
    const { bytes, items } = header(view, offset);
    offset += bytes;
    awaited += items - 1;
    // Every value takes a byte at least.
    if (offset + awaited > frame.length) {
      throw new RangeError("The frame is shorter than it says.");
    }
    if (items > 0) {
      open.push(items);
      if (open.length > DEEPEST) {
        throw new RangeError("The frame's values are nested too deeply.");
      }
      continue;
    }
    while (open.length > 0) {
      const left = (open.pop() ?? 1) - 1;
      if (left > 0) {
        open.push(left);
        break;
      }
    }
  }
  if (offset !== frame.length) {
    throw new RangeError("The frame is longer than its value.");
  }
}

interface Header {
  /** What the value takes up itself, without the values in it. */
  readonly bytes: number;
  /** Values in it, keys of a map included. */
  readonly items: number;
}

/** The format's table: https://github.com/msgpack/msgpack/blob/master/spec.md. A read beyond the frame throws by itself. */
function header(view: DataView, offset: number): Header {
  const type = view.getUint8(offset);
  if (type <= 0x7f || type >= 0xe0) {
    return { bytes: 1, items: 0 };
  }
  if (type <= 0x8f) {
    return { bytes: 1, items: 2 * (type & 0x0f) };
  }
  if (type <= 0x9f) {
    return { bytes: 1, items: type & 0x0f };
  }
  if (type <= 0xbf) {
    return { bytes: 1 + (type & 0x1f), items: 0 };
  }
  switch (type) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return { bytes: 1, items: 0 };
    case 0xc4:
    case 0xd9:
      return { bytes: 2 + view.getUint8(offset + 1), items: 0 };
    case 0xc5:
    case 0xda:
      return { bytes: 3 + view.getUint16(offset + 1), items: 0 };
    case 0xc6:
    case 0xdb:
      return { bytes: 5 + view.getUint32(offset + 1), items: 0 };
    case 0xc7:
      return { bytes: 3 + view.getUint8(offset + 1), items: 0 };
    case 0xc8:
      return { bytes: 4 + view.getUint16(offset + 1), items: 0 };
    case 0xc9:
      return { bytes: 6 + view.getUint32(offset + 1), items: 0 };
    case 0xcc:
    case 0xd0:
      return { bytes: 2, items: 0 };
    case 0xcd:
    case 0xd1:
      return { bytes: 3, items: 0 };
    case 0xca:
    case 0xce:
    case 0xd2:
      return { bytes: 5, items: 0 };
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return { bytes: 9, items: 0 };
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return { bytes: 2 + 2 ** (type - 0xd4), items: 0 };
    case 0xdc:
      return { bytes: 3, items: view.getUint16(offset + 1) };
    case 0xdd:
      return { bytes: 5, items: view.getUint32(offset + 1) };
    case 0xde:
      return { bytes: 3, items: 2 * view.getUint16(offset + 1) };
    case 0xdf:
      return { bytes: 5, items: 2 * view.getUint32(offset + 1) };
    default:
      throw new RangeError(`MessagePack has no type ${type}.`);
  }
}
