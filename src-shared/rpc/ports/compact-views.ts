import { mapValues } from "./map-values.ts";

/**
 * Replaces typed arrays that show only a part of their buffer by copies of that part. Structured clone sends the whole
 * buffer behind a view: a 4-byte view of a megabyte would send the megabyte, and a Node `Buffer` its pool neighbours.
 *
 * Throws a `TypeError` for what structured clone can't carry. Electron's port does so too, but in a utility process of
 * Electron 22 it is then dead: what is posted after it never arrives.
 */
export function compactViews(message: unknown): unknown {
  return mapValues(message, (value) => {
    if (typeof value === "function" || typeof value === "symbol" || value instanceof Promise) {
      throw new TypeError(`A ${value instanceof Promise ? "promise" : typeof value} can't be sent.`);
    }
    if (!ArrayBuffer.isView(value)) {
      return undefined;
    }
    if (value.byteLength === value.buffer.byteLength || value instanceof DataView) {
      return { value };
    }
    const { buffer, byteOffset, byteLength } = value;
    const Constructor = value.constructor as new (buffer: ArrayBufferLike) => ArrayBufferView;
    // Node's Buffer can't be constructed and arrives as a Uint8Array anyway.
    const part = buffer.slice(byteOffset, byteOffset + byteLength);
    return { value: value instanceof Uint8Array ? new Uint8Array(part) : new Constructor(part) };
  });
}
