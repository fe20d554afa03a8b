import path from "node:path";
import type { ListedMosaic } from "./list-folder.ts";

/** The paths of an image and its masks. */
export function filesOf({ image, masks }: ListedMosaic): string[] {
  return [image, ...masks].map((file) => file.filePath);
}

/** Changes when one of the files does, or when another mask is found. */
export function versionOf({ image, masks }: ListedMosaic): string {
  return [image, ...masks].map((file) => `${file.fileName}:${file.version}`).join("|");
}

/** What mosaics are called: names without extension, but for images that would then share one. */
export function mosaicNames(mosaics: readonly ListedMosaic[]): string[] {
  const uses = new Map<string, number>();
  for (const { image } of mosaics) {
    const key = image.stem.toLowerCase();
    uses.set(key, (uses.get(key) ?? 0) + 1);
  }
  return mosaics.map(({ image }) =>
    uses.get(image.stem.toLowerCase()) === 1 ? image.stem : path.posix.basename(image.fileName),
  );
}
