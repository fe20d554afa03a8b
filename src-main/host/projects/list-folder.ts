import { readdir, stat } from "node:fs/promises";
import path from "node:path";

/** A raster file as the folder lists it; `version` changes when the file does. */
export interface ListedFile {
  readonly filePath: string;
  /** Relative to the project's folder, with forward slashes. */
  readonly fileName: string;
  /** The file's name without extension. */
  readonly stem: string;
  readonly version: string;
}

/** An image with the masks that have its name, the one to use first. */
export interface ListedMosaic {
  readonly image: ListedFile;
  readonly masks: readonly ListedFile[];
}

/** The rasters of a folder, matched by name and sorted. */
export interface FolderListing {
  readonly mosaics: readonly ListedMosaic[];
  /** Masks whose name no image has. */
  readonly strayMasks: readonly ListedFile[];
  /** `images` or `masks` where it is a link that leads nowhere: what it held isn't gone, but elsewhere. */
  readonly lostFolders: readonly string[];
}

/**
 * Extensions that are tried as images and masks, the preferred first where a name has several. A `.url` file holds the address of
 * a raster on a server.
 */
const RASTER_EXTENSIONS = [".tif", ".tiff", ".png", ".jpg", ".jpeg", ".url"];
const IMAGE_FOLDER = "images";
const MASK_FOLDER = "masks";

/**
 * Lists what a project folder holds: the rasters of `images/` (of the folder itself where there is no such folder or
 * nothing in it), each with those of `masks/` that have its name, whatever the extension and case. Nothing is opened.
 */
export async function listFolder(folderPath: string): Promise<FolderListing> {
  const entries = await readdir(folderPath, { withFileTypes: true });
  const subfolder = (wanted: string): string | undefined =>
    entries.find((entry) => entry.name.toLowerCase() === wanted && !entry.isFile())?.name;
  const imageFolder = subfolder(IMAGE_FOLDER);
  const maskFolder = subfolder(MASK_FOLDER);
  let images = imageFolder === undefined ? [] : await listRasters(folderPath, imageFolder);
  if (images.length === 0) {
    images = await listRasters(folderPath, ".");
  }
  const masks = maskFolder === undefined ? [] : await listRasters(folderPath, maskFolder);
  const lostFolders: string[] = [];
  for (const entry of entries) {
    if (entry.isSymbolicLink() && [imageFolder, maskFolder].includes(entry.name)) {
      const target = await stat(path.join(folderPath, entry.name)).catch(() => null);
      if (target === null) {
        lostFolders.push(entry.name);
      }
    }
  }
  return { ...matchByName(images, masks), lostFolders };
}

/** How many images `listFolder` would find, by their names alone: for showing many folders quickly. */
export async function countImages(folderPath: string): Promise<number> {
  const entries = await readdir(folderPath, { withFileTypes: true });
  const imageFolder = entries.find((entry) => entry.name.toLowerCase() === IMAGE_FOLDER && !entry.isFile());
  const inside =
    imageFolder === undefined ? [] : await readdir(path.join(folderPath, imageFolder.name)).catch(() => []);
  const names = inside.some(isRasterName) ? inside : entries.map((entry) => entry.name);
  return names.filter(isRasterName).length;
}

/** Pairs images with masks by their names without extension, ignoring case. */
export function matchByName(
  images: readonly ListedFile[],
  masks: readonly ListedFile[],
): Omit<FolderListing, "lostFolders"> {
  const masksByStem = new Map<string, ListedFile[]>();
  for (const mask of masks) {
    const key = mask.stem.toLowerCase();
    masksByStem.set(key, [...(masksByStem.get(key) ?? []), mask]);
  }
  const used = new Set<string>();
  const mosaics = images.map((image) => {
    const key = image.stem.toLowerCase();
    used.add(key);
    return { image, masks: (masksByStem.get(key) ?? []).toSorted(byPreference) };
  });
  const strayMasks = masks.filter((mask) => !used.has(mask.stem.toLowerCase()));
  return { mosaics, strayMasks };
}

/** Whether a file's name says that it is a raster that can be opened. */
export function isRasterName(name: string): boolean {
  // "._x.tif" is what macOS leaves beside x.tif on foreign disks.
  return !name.startsWith(".") && RASTER_EXTENSIONS.includes(path.extname(name).toLowerCase());
}

async function listRasters(folderPath: string, subfolder: string): Promise<ListedFile[]> {
  const directory = path.join(folderPath, subfolder);
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    // `images` may be a file or a link that leads nowhere: then it isn't a folder of images.
    if (subfolder !== "." && isErrno(error, ["ENOTDIR", "ENOENT"])) {
      return [];
    }
    throw error;
  }
  const listed = await Promise.all(
    names.filter(isRasterName).map(async (name): Promise<ListedFile | null> => {
      const filePath = path.join(directory, name);
      const version = await fileVersion(filePath);
      return version === null
        ? null
        : { filePath, fileName: path.posix.join(subfolder, name), stem: path.parse(name).name, version };
    }),
  );
  return listed.filter((file) => file !== null).sort(byName);
}

/** Null for a folder called "x.tif"; a broken link is listed, so that its failure is shown. */
async function fileVersion(filePath: string): Promise<string | null> {
  try {
    const stats = await stat(filePath);
    return stats.isFile() ? `${stats.mtimeMs}:${stats.size}:${stats.ino}` : null;
  } catch {
    return "missing";
  }
}

const naturalOrder = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** "tile-2" before "tile-10"; names that only differ in case in a fixed order. */
function byName(first: ListedFile, second: ListedFile): number {
  return naturalOrder.compare(first.fileName, second.fileName) || (first.fileName < second.fileName ? -1 : 1);
}

function byPreference(first: ListedFile, second: ListedFile): number {
  const rank = ({ filePath }: ListedFile): number =>
    RASTER_EXTENSIONS.indexOf(path.extname(filePath).toLowerCase());
  return rank(first) - rank(second) || byName(first, second);
}

/** Whether something thrown by the file system has one of these codes. */
export function isErrno(error: unknown, codes: readonly string[]): boolean {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code)
  );
}
