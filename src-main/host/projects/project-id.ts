import { createHash } from "node:crypto";

/** A project's id: the same for the same folder in every session, and not its path. */
export function projectIdOf(realFolderPath: string): string {
  return `p-${hash(realFolderPath)}`;
}

/**
 * A mosaic's id, made from its file's name within the project: readable, and safe as a folder's name on every system,
 * since predictions are kept under it.
 */
export function mosaicIdOf(fileName: string): string {
  const stem = fileName.slice(fileName.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
  const readable = stem
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 60);
  return `${readable === "" ? "mosaic" : readable}-${hash(fileName).slice(0, 8)}`;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
