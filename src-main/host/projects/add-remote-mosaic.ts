import { readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { addressInLinkFile, isLinkFile, openRaster, remoteAddress } from "../../raster/index.ts";
import { fileError, toHostError } from "../host-error.ts";
import { listFolder, type ListedMosaic } from "./list-folder.ts";
import type { Project } from "./project.ts";

/** Up to this side a file without overviews or tiles is read at once anyway. */
const smallSide = 2048;

/**
 * Puts a link file for a mosaic on a server into a project's folder, where its other images lie, and reads the folder again. Answers the
 * mosaic's name.
 *
 * Throws `invalid-input` for what is no address, `unsupported` for what can't be read piece by piece or may not be asked, `not-found`
 * where no server answers, and `conflict` for an address that is there already.
 */
export async function addRemoteMosaic(
  project: Project,
  address: string,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<{ readonly name: string }> {
  const url = remoteAddress(address.trim());
  if (url === null) {
    throw new RpcError("invalid-input", "Expected an address that begins with http:// or https://.");
  }
  const { mosaics } = await listFolder(project.folderPath);
  await refuseKnown(mosaics, url);
  // Where the listing looks for images: `images/` when there are any, else the folder itself.
  const [first] = mosaics;
  const folder = first === undefined ? project.folderPath : path.dirname(first.image.filePath);
  try {
    const raster = await openRaster(url.href, options);
    const { description } = raster;
    await raster.close();
    const obstacle = remoteObstacle(description);
    if (obstacle !== null) {
      throw new RpcError("unsupported", `${fileNameOf(url)} ${obstacle}.`);
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    throw toHostError(error);
  }
  const name = freeName(fileNameOf(url).replace(/\.[^.]*$/, ""), await readdir(folder));
  const linkPath = path.join(folder, `${name}.url`);
  await writeFile(linkPath, `[InternetShortcut]\r\nURL=${url.href}\r\n`, { flag: "wx" }).catch(
    (error: unknown) => {
      throw toHostError(fileError(error, linkPath));
    },
  );
  await project.rescan();
  return { name };
}

/** Why a file on a server would be slow to look at; null where parts of it can be had by themselves. */
function remoteObstacle({
  format,
  width,
  height,
  blockSize: [blockWidth, blockHeight],
  overviews,
}: RasterDescription): string | null {
  if (format === "PNG" || format === "JPEG") {
    return "can only be fetched whole: put it into the folder, or make it a Cloud Optimized GeoTIFF (gdal_translate -of COG)";
  }
  if (Math.max(width, height) <= smallSide) {
    return null;
  }
  const lacks =
    blockWidth >= width && blockHeight < height
      ? "has strips instead of tiles"
      : overviews.length === 0
        ? "has no overviews"
        : null;
  return lacks === null
    ? null
    : `is no Cloud Optimized GeoTIFF: it ${lacks}, so that looking at it would fetch all of it. Convert it with gdal_translate -of COG`;
}

async function refuseKnown(mosaics: readonly ListedMosaic[], url: URL): Promise<void> {
  for (const { image } of mosaics.filter((mosaic) => isLinkFile(mosaic.image.filePath))) {
    const known = await addressInLinkFile(image.filePath).catch(() => null);
    if (known !== null && remoteAddress(known)?.href === url.href) {
      throw new RpcError("conflict", `This address is in the project already, as ${image.stem}.`);
    }
  }
}

function fileNameOf({ pathname, host }: URL): string {
  let last = pathname.split("/").at(-1) ?? "";
  try {
    last = decodeURIComponent(last);
  } catch {
    // Not percent-encoded after all.
  }
  return last === "" ? host : last;
}

/** A name that no file of the folder has, whatever the extension. */
function freeName(wanted: string, taken: readonly string[]): string {
  const stems = new Set(taken.map((name) => path.parse(name).name.toLowerCase()));
  const plain =
    wanted
      .replaceAll(/[^\p{L}\p{N}._ -]+/gu, "-")
      .replaceAll(/^[-. ]+|[-. ]+$/g, "")
      .slice(0, 80) || "mosaic";
  let name = plain;
  for (let number = 2; stems.has(name.toLowerCase()); number += 1) {
    name = `${plain}-${number}`;
  }
  return name;
}
