import { readFile, stat } from "node:fs/promises";
import { RasterError } from "../raster-error.ts";
import { remoteAddress } from "./http-source.ts";

const mostBytes = 8192;

/** Whether a path names a link file. */
export function isLinkFile(filePath: string): boolean {
  return filePath.toLowerCase().endsWith(".url");
}

/**
 * The address in a link file: an Internet shortcut as Windows and Linux desktops write it (`URL=https://…` below
 * `[InternetShortcut]`), or the address alone in the first line.
 *
 * @throws RasterError when there is none
 */
export async function addressInLinkFile(filePath: string): Promise<string> {
  const size = (await stat(filePath).catch(() => null))?.size;
  if (size === undefined) {
    throw new RasterError("not-found", filePath, "there is no such file");
  }
  if (size > mostBytes) {
    throw new RasterError("not-a-raster", filePath, `expected one address, found a file of ${size} bytes`);
  }
  const text = (await readFile(filePath, "utf8")).replace(/^\uFEFF/, "").trim();
  const address = /^URL=(.*)$/im.exec(text)?.[1]?.trim() ?? text.split(/\r?\n/, 1)[0]?.trim() ?? "";
  if (remoteAddress(address) === null) {
    throw new RasterError(
      "not-a-raster",
      filePath,
      "expected an address that begins with http:// or https://, alone or as URL=… of an Internet shortcut",
    );
  }
  return address;
}
