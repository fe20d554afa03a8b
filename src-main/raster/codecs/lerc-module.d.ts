declare module "lerc" {
  interface LercPixels {
    readonly width: number;
    readonly height: number;
    /** One array a band, or a single interleaved one. */
    readonly pixels: readonly (
      | Uint8Array
      | Int8Array
      | Uint16Array
      | Int16Array
      | Uint32Array
      | Int32Array
      | Float32Array
      | Float64Array
    )[];
    /** 0 where a pixel has no value; undefined or null when all have one. */
    readonly mask?: Uint8Array | null;
  }
  const Lerc: {
    decode(input: ArrayBuffer, options?: { readonly returnPixelInterleavedDims?: boolean }): LercPixels;
  };
  export default Lerc;
}
