import { mapValues } from "./map-values.ts";

/**
 * Replaces typed arrays that show only a part of their buffer by copies of that part. Structured clone sends the whole
 * buffer behind a view: a 4-byte view of a megabyte would send the megabyte, and a Node `Buffer` its pool neighbours.
 */
export function compactViews(message: unknown): unknown {
  return mapValues(message, (value) => {
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
