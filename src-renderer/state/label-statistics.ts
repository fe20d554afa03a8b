import type { LandClass } from "#shared/project/land-class.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import { hasLabels } from "#shared/project/mosaic.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";

/** How much of each class the masks hold, in pixels of the masks. */
export interface LabelStatistics {
  readonly pixels: ReadonlyMap<number, number>;
  /** Pixels that carry a class. */
  readonly labelledPixels: number;
  /** Ids in the masks that no class has, with their pixels; most first. */
  readonly strangers: readonly { readonly id: number; readonly pixels: number }[];
  /** Masks that are still being counted. */
  readonly counting: number;
}

/** Adds up what the masks of all mosaics hold. */
export function labelStatistics(
  mosaics: readonly ReadyMosaic[],
  classes: readonly LandClass[],
): LabelStatistics {
  const pixels = new Map<number, number>();
  let counting = 0;
  for (const { mask } of mosaics) {
    if (!hasLabels(mask)) {
      continue;
    }
    if (mask.classPixels === null) {
      counting += 1;
      continue;
    }
    for (const [id, count] of Object.entries(mask.classPixels)) {
      pixels.set(Number(id), (pixels.get(Number(id)) ?? 0) + count);
    }
  }
  const known = new Set(classes.map(({ id }) => id));
  const labelledPixels = [...pixels].reduce((sum, [id, count]) => (known.has(id) ? sum + count : sum), 0);
  const strangers = [...pixels]
    .filter(([id, count]) => !known.has(id) && id !== UNLABELLED_ID && count > 0)
    .map(([id, count]) => ({ id, pixels: count }))
    .sort((first, second) => second.pixels - first.pixels);
  return { pixels, labelledPixels, strangers, counting };
}

/** How far the labels of a mosaic, or of all, are; pixels. */
export interface LabelProgress {
  readonly imageryPixels: number;
  readonly labelledPixels: number;
  /** By class, in the order of the classes; classes without a pixel are left out. */
  readonly classes: readonly { readonly item: LandClass; readonly pixels: number }[];
}

/** What is labelled of one mosaic. Until its cells have been counted, all of it passes for imagery. */
export function labelProgress(
  { image, mask }: ReadyMosaic,
  classes: readonly LandClass[],
  counts: { readonly imageryPixels: number; readonly labelledPixels: number } | null,
): LabelProgress {
  const byId = hasLabels(mask) ? (mask.classPixels ?? {}) : {};
  const present = classes
    .map((item) => ({ item, pixels: byId[String(item.id)] ?? 0 }))
    .filter(({ pixels }) => pixels > 0);
  return {
    imageryPixels: counts?.imageryPixels ?? image.width * image.height,
    labelledPixels: counts?.labelledPixels ?? present.reduce((sum, { pixels }) => sum + pixels, 0),
    classes: present,
  };
}

/** The progress of several mosaics together. */
export function totalProgress(parts: readonly LabelProgress[], classes: readonly LandClass[]): LabelProgress {
  const sum = (of: (part: LabelProgress) => number): number =>
    parts.reduce((total, part) => total + of(part), 0);
  return {
    imageryPixels: sum(({ imageryPixels }) => imageryPixels),
    labelledPixels: sum(({ labelledPixels }) => labelledPixels),
    classes: classes
      .map((item) => ({
        item,
        pixels: sum((part) => part.classes.find((found) => found.item.id === item.id)?.pixels ?? 0),
      }))
      .filter(({ pixels }) => pixels > 0),
  };
}
