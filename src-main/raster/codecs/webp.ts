import sharp from "sharp";
import { allocateSamples, type SampleArray } from "../typed-pixels.ts";

/** Decodes one WebP block of 8-bit samples. */
export async function decodeWebp(
  bytes: Uint8Array,
  width: number,
  rows: number,
  stride: number,
): Promise<SampleArray> {
  const { data, info } = await sharp(bytes, { failOn: "error", limitInputPixels: width * rows })
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.width !== width || info.height < rows) {
    throw new Error(
      `expected a WebP image of ${width} × ${rows} pixels, found ${info.width} × ${info.height}`,
    );
  }
  if (info.channels === stride) {
    return new Uint8Array(data.buffer, data.byteOffset, width * rows * stride);
  }
  // An opaque WebP image leaves its alpha channel out; one with alpha may stand in a block of three bands.
  if (stride !== 3 && stride !== 4) {
    throw new Error(`unsupported: WebP blocks of ${stride} bands`);
  }
  const samples = allocateSamples("uint8", width * rows * stride);
  for (let pixel = 0; pixel < width * rows; pixel += 1) {
    for (let band = 0; band < stride; band += 1) {
      samples[pixel * stride + band] =
        band < info.channels ? (data[pixel * info.channels + band] as number) : 255;
    }
  }
  return samples;
}
