/**
 * Writes the few kinds of protocol-buffer fields that a GraphDef and an ONNX model need. Written here because the generated classes inside
 * tfjs-node have no types, evaluate code at start-up and aren't part of its public interface; a test reads our bytes with them.
 */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** Int, enum or bool; negative numbers take ten bytes, as the format wants. */
  integer(field: number, value: number): this {
    this.#tag(field, 0);
    this.#push(variableInteger(value));
    return this;
  }

  float(field: number, value: number): this {
    this.#tag(field, 5);
    this.#push(new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, 2);
    this.#push(variableInteger(value.length));
    this.#push(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, write: (writer: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter();
    write(inner);
    this.#tag(field, 2);
    this.#push(variableInteger(inner.#length));
    for (const part of inner.#parts) {
      this.#push(part);
    }
    return this;
  }

  /** A message for each item. */
  repeated<T>(field: number, items: readonly T[], write: (writer: ProtobufWriter, item: T) => void): this {
    for (const item of items) {
      this.message(field, (writer) => {
        write(writer, item);
      });
    }
    return this;
  }

  finish(): Uint8Array {
    const result = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      result.set(part, offset);
      offset += part.length;
    }
    return result;
  }

  #tag(field: number, wireType: number): void {
    this.#push(variableInteger(field * 8 + wireType));
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }
}

function variableInteger(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
