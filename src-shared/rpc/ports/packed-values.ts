import { Decoder, Encoder, ExtensionCodec } from "@msgpack/msgpack";
import { checkFrame } from "./check-frame.ts";
import { isPlainObject, mapValues } from "./map-values.ts";

/** Extension types of our frames (0–127 are free for applications; Date has its own, -1). */
const extension = { undefined: 1, negativeZero: 2, typedArray: 3, bigint: 4, map: 5, set: 6 } as const;

/** Stand-ins for values that MessagePack has no extension hook for: hooks see objects only. */
class Undefined {}
class NegativeZero {}
class BigInteger {
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}

/** Typed arrays by the byte that names them in a frame; `Uint8Array` is MessagePack's own binary type. */
const typedArrayConstructors = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

const codec = new ExtensionCodec();

codec.register({
  type: extension.undefined,
  encode: (value) => (value instanceof Undefined ? new Uint8Array(0) : null),
  decode: () => undefined,
});
codec.register({
  type: extension.negativeZero,
  encode: (value) => (value instanceof NegativeZero ? new Uint8Array(0) : null),
  decode: () => -0,
});
codec.register({
  type: extension.bigint,
  encode: (value) => (value instanceof BigInteger ? packValue(value.digits) : null),
  decode: (data) => BigInt(unpackValue(data) as string),
});
codec.register({
  type: extension.map,
  encode: (value) => (value instanceof Map ? packValue([...(value as Map<unknown, unknown>)]) : null),
  decode: (data) => new Map(unpackValue(data) as [unknown, unknown][]),
});
codec.register({
  type: extension.set,
  encode: (value) => (value instanceof Set ? packValue([...(value as Set<unknown>)]) : null),
  decode: (data) => new Set(unpackValue(data) as unknown[]),
});
codec.register({
  type: extension.typedArray,
  encode: (value) => {
    if (!ArrayBuffer.isView(value) || value instanceof Uint8Array) {
      return null;
    }
    const kind = typedArrayConstructors.findIndex((Constructor) => value instanceof Constructor);
    if (kind < 0) {
      return null;
    }
    const packed = new Uint8Array(1 + value.byteLength);
    packed[0] = kind;
    packed.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), 1);
    return packed;
  },
  decode: (data) => {
    const Constructor = typedArrayConstructors[data[0] ?? -1];
    if (Constructor === undefined) {
      throw new RangeError(`Unknown kind of typed array: ${String(data[0])}.`);
    }
    // A copy starts at the beginning of its own buffer and so is aligned for every element size; in the frame it is not.
    return new Constructor(data.slice(1).buffer);
  },
});

/**
 * Stands for the name `__proto__` while a frame is decoded. The decoder throws at that name, since assigned it would be an object's prototype, and for a frame that can't be
 * decoded there is nobody to answer; with every other transport it is a property like others, which the method's schema then refuses or leaves out.
 */
const PROTO_STAND_IN = "\u0000proto";
const PROTO_BYTES = Array.from("__proto__", (letter) => letter.charCodeAt(0));
/** MessagePack's type of a short text, to which its length is added. */
const SHORT_TEXT = 0xa0;

/** The names of one frame's objects. */
class FrameKeys {
  hasProto = false;

  /** Which names the decoder asks this for; their length is all it tells. */
  canBeCached(byteLength: number): boolean {
    return byteLength === PROTO_BYTES.length;
  }

  decode(bytes: Uint8Array, offset: number, byteLength: number): string {
    if (PROTO_BYTES.every((byte, index) => bytes[offset + index] === byte)) {
      this.hasProto = true;
      return PROTO_STAND_IN;
    }
    const name = bytes.subarray(offset, offset + byteLength);
    return new Decoder().decode(Uint8Array.of(SHORT_TEXT + byteLength, ...name)) as string;
  }
}

/** A copy whose objects have their own property `__proto__` in place of its stand-in. */
function withOwnProto(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withOwnProto);
  }
  return isPlainObject(value)
    ? // Defines properties, where an assignment would set the prototype.
      Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [
          key === PROTO_STAND_IN ? "__proto__" : key,
          withOwnProto(inner),
        ]),
      )
    : value;
}

/** A structured value as one MessagePack frame that loses nothing of it. Throws on functions and symbols. */
export function packValue(value: unknown): Uint8Array<ArrayBuffer> {
  return new Encoder({ extensionCodec: codec }).encode(mapValues(value, standIn));
}

/** The value of a frame. `Uint8Array`s in it are views of the frame. Throws on anything that isn't one whole value. */
export function unpackValue(frame: Uint8Array): unknown {
  checkFrame(frame);
  const keys = new FrameKeys();
  const value = new Decoder({ extensionCodec: codec, keyDecoder: keys }).decode(frame);
  return keys.hasProto ? withOwnProto(value) : value;
}

function standIn(value: unknown): { value: unknown } | undefined {
  switch (typeof value) {
    case "undefined":
      return { value: new Undefined() };
    case "number":
      return Object.is(value, -0) ? { value: new NegativeZero() } : undefined;
    case "bigint":
      return { value: new BigInteger(value.toString()) };
    case "function":
    case "symbol":
      throw new TypeError(`A ${typeof value} can't be sent to another process.`);
    default:
      return undefined;
  }
}
