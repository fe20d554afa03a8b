import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { ConflictPlace, LabelConflicts } from "#shared/labels/label-merge.ts";
import { largestOf, PlaceFinder, type PlacesFound } from "#shared/metrics/connected-places.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import { theirsOf } from "../labels/index.ts";
import type { Project } from "../projects/index.ts";
import { bothSides, isConflict, mostPlacePixels, pixelsOfPlace } from "./both-sides.ts";
import { coverMask } from "./cover-mask.ts";

interface Options {
  readonly signal?: AbortSignal | undefined;
}

const pixelsAtOnce = 2 ** 22;

/** Where the two differ in one mosaic. */
interface Differences {
  /** Of both sides' labels and the classes; other ones are other differences. */
  readonly version: string;
  /** Pixels by `own id * 256 + their id`. */
  readonly pairs: ReadonlyMap<number, number>;
  readonly found: PlacesFound;
}

/** The last differences by mosaic and number of places: labels of gigapixels aren't read again for nothing. */
const kept = new WeakMap<Project, Map<string, Differences>>();

/** Where labels differ from what others said, over some mosaics: by pair of classes, and the largest places. */
export async function findConflicts(
  project: Project,
  mosaicIds: readonly string[],
  most: number,
  options: Options = {},
): Promise<LabelConflicts> {
  const known = kept.get(project) ?? new Map<string, Differences>();
  kept.set(project, known);
  const pairs = new Map<number, number>();
  const found: (readonly [string, PlacesFound])[] = [];
  for (const mosaicId of mosaicIds) {
    const theirs = await project.labels.editedNow(theirsOf(mosaicId));
    if (theirs === null || !theirs.countChanges.some(([id, pixels]) => id !== UNLABELLED_ID && pixels > 0)) {
      continue;
    }
    await project.labels.editedNow(mosaicId);
    const key = `${most} ${mosaicId}`;
    const version = versionOf(project, mosaicId);
    let differences = known.get(key);
    if (differences?.version !== version) {
      differences = { version, ...(await differencesOf(project, mosaicId, most, options)) };
      known.set(key, differences);
    }
    for (const [pair, pixels] of differences.pairs) {
      pairs.set(pair, (pairs.get(pair) ?? 0) + pixels);
    }
    found.push([mosaicId, differences.found]);
  }
  return {
    pixels: found.reduce((sum, [, { pixels }]) => sum + pixels, 0),
    places: found.reduce((sum, [, { places }]) => sum + places, 0),
    pairs: [...pairs]
      .map(([pair, pixels]) => ({ mineId: pair >> 8, theirsId: pair & 255, pixels }))
      .sort(
        (first, second) =>
          second.pixels - first.pixels || first.mineId - second.mineId || first.theirsId - second.theirsId,
      ),
    largest: largestOf(found, most).map(({ name, place }) => ({
      mosaicId: name,
      pixelWindow: place.pixelWindow,
      pixels: place.pixels,
      anchor: [Math.floor(place.anchor[0]), Math.floor(place.anchor[1])],
    })),
  };
}

/** Changes with either side's labels and with the classes. Taken before they are read: what changes meanwhile is read again. */
function versionOf(project: Project, mosaicId: string): string {
  const theirs = project.labels.edited(theirsOf(mosaicId));
  const classIds = project.snapshot().classes.map(({ id }) => id);
  return [project.labelsVersion(mosaicId), theirs?.revision, classIds.join()].join(" ");
}

async function differencesOf(
  project: Project,
  mosaicId: string,
  most: number,
  { signal }: Options,
): Promise<Pick<Differences, "pairs" | "found">> {
  const { width, height } = project.mosaic(mosaicId).image;
  const pairs = new Map<number, number>();
  const finder = new PlaceFinder(most);
  const rows = Math.max(1, Math.floor(pixelsAtOnce / width));
  for (let y = 0; y < height; y += rows) {
    const window = { x: 0, y, width, height: Math.min(rows, height - y) };
    const { mine, theirs } = await bothSides(project, mosaicId, window, { signal });
    const chosen = new Uint8Array(mine.length);
    for (let pixel = 0; pixel < mine.length; pixel++) {
      const [own, other] = [mine[pixel] as number, theirs[pixel] as number];
      if (isConflict(own, other)) {
        chosen[pixel] = 1;
        pairs.set(own * 256 + other, (pairs.get(own * 256 + other) ?? 0) + 1);
      }
    }
    finder.addRows(chosen, width);
  }
  return { pairs, found: finder.finish() };
}

/** More rectangles than this to one place aren't told from its box on a map. */
const mostRectangles = 400;
/** By the very window that `findConflicts` answers as long as a place is as it was. */
const covers = new WeakMap<PixelWindow, readonly PixelWindow[] | null>();

/** Rectangles that cover the pixels of places, for a map; a place that is too large or too ragged is covered by its box. */
export async function coverPlaces(
  project: Project,
  places: readonly ConflictPlace[],
  options: Options = {},
): Promise<{ mosaicId: string; pixelWindow: PixelWindow }[]> {
  const areas: { mosaicId: string; pixelWindow: PixelWindow }[] = [];
  for (const place of places) {
    const { mosaicId, pixelWindow } = place;
    let cover = covers.get(pixelWindow);
    if (cover === undefined) {
      cover =
        pixelWindow.width * pixelWindow.height > mostPlacePixels
          ? null
          : coverMask(await pixelsOfPlace(project, mosaicId, place, options), pixelWindow, mostRectangles);
      covers.set(pixelWindow, cover);
    }
    areas.push(...(cover ?? [pixelWindow]).map((rectangle) => ({ mosaicId, pixelWindow: rectangle })));
  }
  return areas;
}
