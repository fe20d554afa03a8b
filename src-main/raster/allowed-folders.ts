import { realpath } from "node:fs/promises";
import path from "node:path";
import { RasterError } from "./raster-error.ts";

/** Folders below which files may be opened, links followed; "anywhere" where the user has the whole disk anyway. */
export type AllowedFolders = readonly string[] | "anywhere";

/** Whether one absolute, real path is another or lies below it. */
export function isBelow(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative === "" || (!path.isAbsolute(relative) && relative.split(path.sep)[0] !== "..");
}

/** Throws `not-found` for a file that lies outside: a folder from elsewhere may hold links to what its reader must not see. */
export async function refuseOutside(filePath: string, folders: AllowedFolders): Promise<void> {
  if (folders === "anywhere") {
    return;
  }
  const real = await realpath(filePath).catch(() => null);
  if (real === null) {
    // Nothing there: opening it says so.
    return;
  }
  for (const folder of folders) {
    const root = await realpath(folder).catch(() => null);
    if (root !== null && isBelow(real, root)) {
      return;
    }
  }
  throw new RasterError(
    "not-found",
    filePath,
    "it leads out of the folders that may be opened here (orthomask serve --root names another)",
  );
}
