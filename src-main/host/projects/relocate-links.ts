import { lstat, readdir, readlink, rename, rm, stat, symlink } from "node:fs/promises";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import type { PixelSize } from "#shared/geo/pixel-window.ts";
import { ClassGrid, openRaster, temporaryPath } from "../../raster/index.ts";
import { fileError, toHostError } from "../host-error.ts";
import { isRasterName } from "./list-folder.ts";
import { mosaicIdOf } from "./project-id.ts";
import type { Project } from "./project.ts";

/** What looking for a project's files in a folder came to; files by their names in the project. */
export interface Relocation {
  /** Found, and linked to where they are now. */
  readonly found: readonly { readonly fileName: string; readonly path: string }[];
  /** Why the others weren't: a sentence each. */
  readonly missing: readonly { readonly fileName: string; readonly reason: string }[];
}

/** A link of the project's folder that leads nowhere. */
interface BrokenLink {
  readonly linkPath: string;
  /** In the project, with forward slashes. */
  readonly fileName: string;
  /** What it led to. */
  readonly target: string;
  readonly kind: "file" | "folder";
}

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/** A folder deeper than this, or with more in it, is not the one that somebody means. */
const MOST_DEPTH = 8;
const MOST_ENTRIES = 200_000;
/** Whatever their case, as `listFolder` takes them. */
const linkedFolders = ["images", "masks"];

/**
 * Finds what a project's links led to before, below a folder, by name, and points the links there: for images on a disk that has another name now. Of several files of
 * one name the one is taken whose folders are called most like before. An image must have the size of what has been labelled or predicted on it.
 *
 * Only links that lead nowhere are replaced. Throws `conflict` where there is none, or where the folder can't be written.
 */
export async function relocateLinks(
  project: Project,
  searchedFolder: string,
  options: Options = {},
): Promise<Relocation> {
  const broken = await brokenLinks(project.folderPath);
  if (broken.length === 0) {
    throw new RpcError(
      "conflict",
      "No link in this project's folder leads nowhere, so there is nothing to look for.",
    );
  }
  const entries = await entriesBelow(searchedFolder, options);
  const found: Relocation["found"][number][] = [];
  const missing: Relocation["missing"][number][] = [];
  for (const link of broken) {
    options.signal?.throwIfAborted();
    const { fileName } = link;
    const chosen = nearestOf(link, searchedFolder, entries);
    const reason =
      chosen.kind === "found" && link.kind === "file"
        ? await obstacleOf(chosen.path, await knownSize(project, fileName), options)
        : null;
    if (chosen.kind === "none") {
      missing.push({ fileName, reason: chosen.reason });
    } else if (reason !== null) {
      missing.push({ fileName, reason });
    } else {
      await pointTo(link.linkPath, chosen.path);
      found.push({ fileName, path: chosen.path });
    }
  }
  if (found.length > 0) {
    await project.rescan();
  }
  return { found, missing };
}

async function brokenLinks(folderPath: string): Promise<BrokenLink[]> {
  const names = await readdir(folderPath).catch((): string[] => []);
  const folders = names.filter((name) => linkedFolders.includes(name.toLowerCase()));
  const broken: BrokenLink[] = [];
  for (const folder of [".", ...folders]) {
    const directory = path.join(folderPath, folder);
    for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
      const isFolder = folder === "." && linkedFolders.includes(entry.name.toLowerCase());
      const linkPath = path.join(directory, entry.name);
      if (!entry.isSymbolicLink() || !(isFolder || isRasterName(entry.name)) || (await exists(linkPath))) {
        continue;
      }
      broken.push({
        linkPath,
        fileName: path.posix.join(folder, entry.name),
        target: await readlink(linkPath),
        kind: isFolder ? "folder" : "file",
      });
    }
  }
  return broken;
}

async function exists(filePath: string): Promise<boolean> {
  return (await stat(filePath).catch(() => null)) !== null;
}

interface Entry {
  readonly path: string;
  /** In lower case: kept, since each link looks through all entries. */
  readonly name: string;
  readonly kind: "file" | "folder";
}

/** Everything below a folder, the folder itself included; links and hidden folders aren't followed. */
async function entriesBelow(folder: string, { signal }: Options): Promise<Entry[]> {
  const entries: Entry[] = [{ path: folder, name: path.basename(folder).toLowerCase(), kind: "folder" }];
  let level = [folder];
  for (let depth = 0; depth < MOST_DEPTH && level.length > 0; depth++) {
    const next: string[] = [];
    for (const directory of level) {
      signal?.throwIfAborted();
      for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
        const at = path.join(directory, entry.name);
        const name = entry.name.toLowerCase();
        if (entry.isDirectory() && !entry.name.startsWith(".")) {
          next.push(at);
          entries.push({ path: at, name, kind: "folder" });
        } else if (entry.isFile() && isRasterName(entry.name)) {
          entries.push({ path: at, name, kind: "file" });
        }
      }
      if (entries.length > MOST_ENTRIES) {
        throw new RpcError(
          "invalid-input",
          `${folder} holds more than ${MOST_ENTRIES.toLocaleString("en")} files and folders: choose one nearer to the images.`,
        );
      }
    }
    level = next;
  }
  return entries;
}

function nearestOf(
  { target, kind }: BrokenLink,
  searchedFolder: string,
  entries: readonly Entry[],
): { readonly kind: "found"; readonly path: string } | { readonly kind: "none"; readonly reason: string } {
  const wanted = namesOf(target);
  const name = wanted.at(-1) ?? "";
  const ranked = entries
    .filter((entry) => entry.kind === kind && entry.name === name)
    .map((entry) => ({ path: entry.path, alike: commonTail(namesOf(entry.path), wanted) }))
    .toSorted((first, second) => second.alike - first.alike);
  const [best, next] = ranked;
  if (best === undefined) {
    return { kind: "none", reason: `There is no ${path.basename(target)} below ${searchedFolder}.` };
  }
  return next?.alike === best.alike
    ? {
        kind: "none",
        reason: `There are several called ${path.basename(target)}: ${best.path} and ${next.path}. Choose a folder that holds one of them.`,
      }
    : { kind: "found", path: best.path };
}

/** A path's names from the outermost, in lower case, whatever the system that wrote it. */
function namesOf(filePath: string): string[] {
  return filePath
    .toLowerCase()
    .split(/[/\\]/)
    .filter((name) => name !== "");
}

function commonTail(one: readonly string[], other: readonly string[]): number {
  let length = 0;
  while (length < Math.min(one.length, other.length) && one.at(-1 - length) === other.at(-1 - length)) {
    length++;
  }
  return length;
}

/** The size of what was labelled or predicted on an image; null where nothing was. */
async function knownSize({ storageDirectory }: Project, fileName: string): Promise<PixelSize | null> {
  const folder = encodeURIComponent(mosaicIdOf(fileName));
  const runs = path.join(storageDirectory, "runs");
  const runIds = await readdir(runs).catch((): string[] => []);
  for (const grids of [
    path.join(storageDirectory, "labels"),
    ...runIds.map((id) => path.join(runs, id, "predictions")),
  ]) {
    const grid = await ClassGrid.open(path.join(grids, folder, "classes")).catch(() => null);
    if (grid !== null) {
      return { width: grid.width, height: grid.height };
    }
  }
  return null;
}

/** Why a file is none to link to: one sentence; null where it can be read and has the size, if one is known. */
async function obstacleOf(
  filePath: string,
  size: PixelSize | null,
  options: Options,
): Promise<string | null> {
  try {
    const raster = await openRaster(filePath, options);
    await raster.close();
    const { width, height } = raster.description;
    return size === null || (width === size.width && height === size.height)
      ? null
      : `${filePath} has ${width} × ${height} pixels, but what was labelled or predicted has ${size.width} × ${size.height}.`;
  } catch (error) {
    options.signal?.throwIfAborted();
    return toHostError(error).message;
  }
}

/** Replaces a link in one step: whoever looks meanwhile sees the old one or the new one. */
async function pointTo(linkPath: string, target: string): Promise<void> {
  const temporary = temporaryPath(linkPath, "partial");
  try {
    // Still the link that led nowhere, not what somebody has put there meanwhile.
    if (!(await lstat(linkPath)).isSymbolicLink()) {
      throw new RpcError("conflict", `${path.basename(linkPath)} is no link any more.`);
    }
    await symlink(target, temporary);
    await rename(temporary, linkPath);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error instanceof RpcError ? error : toHostError(fileError(error, linkPath));
  }
}
