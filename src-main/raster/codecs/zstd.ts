import * as zlib from "node:zlib";
import { ZSTDDecoder } from "zstddec";

type ZstdDecompress = (input: Uint8Array, options: object) => Buffer;

/** Node 22.15 and later decode ZSTD natively; before that a wasm build does. */
const native = (zlib as { zstdDecompressSync?: ZstdDecompress }).zstdDecompressSync;
let wasm: Promise<ZSTDDecoder> | null = null;

/** Decodes one ZSTD frame of at most `byteLength` bytes. */
export async function decodeZstd(input: Uint8Array, byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
  if (native !== undefined) {
    const output = native(input, {
      chunkSize: Math.max(64, byteLength + 1),
      maxOutputLength: byteLength + 65536,
    });
    return new Uint8Array(
      output.buffer as ArrayBuffer,
      output.byteOffset,
      Math.min(output.byteLength, byteLength),
    );
  }
  wasm ??= startWasm();
  return (await wasm).decode(input, byteLength).slice();
}

async function startWasm(): Promise<ZSTDDecoder> {
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return decoder;
}
