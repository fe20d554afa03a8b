import type { ByteSource } from "../byte-source.ts";
import { RasterError } from "../raster-error.ts";
import type { Raster } from "../raster.ts";

export async function openImage(source: ByteSource, format: "PNG" | "JPEG"): Promise<Raster> {
  throw new RasterError("unsupported", source.filePath, format);
}
