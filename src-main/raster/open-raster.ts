import { refuseOutside } from "./allowed-folders.ts";
import { looksLikeTiff } from "./tiff/directory.ts";
import { openFileSource, type ByteSource } from "./byte-source.ts";
import { blockEnvironment } from "./environment.ts";
import { openImage } from "./image/open-image.ts";
import { asRasterError, RasterError } from "./raster-error.ts";
import type { Raster } from "./raster.ts";
import { openHttpSource, remoteAddress } from "./remote/http-source.ts";
import { addressInLinkFile, isLinkFile } from "./remote/link-file.ts";
import { openTiff } from "./tiff/open-tiff.ts";

/**
 * Opens a raster for reading windows: GeoTIFF, plain TIFF, PNG or JPEG, told apart by their first bytes. `filePath` is a file, an address
 * (http or https) of a file on a server that answers range requests, or a link file (`.url`) with such an address.
 *
 * @throws RasterError that names the file and says what was expected and what came
 */
export async function openRaster(
  filePath: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Raster> {
  options.signal?.throwIfAborted();
  const source = await openSource(filePath, options);
  try {
    const raster = await openByContent(source);
    options.signal?.throwIfAborted();
    return raster;
  } catch (error) {
    await source.close();
    throw asRasterError(error, filePath, "opening it");
  }
}

async function openSource(
  filePath: string,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<ByteSource> {
  const address = isLinkFile(filePath) ? await addressInLinkFile(filePath) : filePath;
  if (remoteAddress(address) === null) {
    await refuseOutside(address, blockEnvironment.local.folders);
    return openFileSource(address);
  }
  const { access } = blockEnvironment.remote;
  if (access === "none") {
    throw new RasterError(
      "unsupported",
      filePath,
      "files on other servers are not opened here (orthomask serve --allow-remote opens them)",
    );
  }
  return openHttpSource(address, { ...options, access });
}

async function openByContent(source: ByteSource): Promise<Raster> {
  if (source.size === 0) {
    throw new RasterError("not-a-raster", source.filePath, "the file is empty");
  }
  const start = await source.read(0, Math.min(16, source.size));
  if (looksLikeTiff(start)) {
    return openTiff(source);
  }
  if (start[0] === 0x89 && start[1] === 0x50 && start[2] === 0x4e && start[3] === 0x47) {
    return openImage(source, "PNG");
  }
  if (start[0] === 0xff && start[1] === 0xd8 && start[2] === 0xff) {
    return openImage(source, "JPEG");
  }
  throw new RasterError(
    "not-a-raster",
    source.filePath,
    `expected a TIFF, PNG or JPEG image, but the file begins with ${firstBytes(start)}`,
  );
}

/** The first bytes as text where they are text, else in hexadecimal. */
function firstBytes(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, 12);
  const isText = shown.every((value) => value >= 0x20 && value < 0x7f);
  return isText
    ? `the text "${Buffer.from(shown).toString("latin1")}"`
    : Buffer.from(shown.subarray(0, 8))
        .toString("hex")
        .replace(/(..)(?=.)/g, "$1 ");
}
