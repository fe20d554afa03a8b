import path from "node:path";
import { windowIntersection, type PixelWindow } from "#shared/geo/pixel-window.ts";
import type { ConflictPlace, KeptSide, LabelConflicts, MergeReport } from "#shared/labels/label-merge.ts";
import { largestOf, PlaceFinder, type PlacesFound } from "#shared/metrics/connected-places.ts";
import { UNLABELLED_ID, type LandClass } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { theirsOf } from "../labels/index.ts";
import { maskDisagreement, openMask, readMaskIds, type Project } from "../projects/index.ts";
import { connectedPixels } from "./connected-pixels.ts";
import { coverMask } from "./cover-mask.ts";

interface Options {
  readonly signal?: AbortSignal | undefined;
}

const pixelsAtOnce = 2 ** 22;

/**
 * Merges labels that another person exported into those of a mosaic: what only they have labelled is taken, what both call alike stays, and where the
 * two differ the labels stay while theirs are kept beside them, to be settled. Their ids are understood by their classes' names, where the file has some.
 *
 * Two steps that can be undone: the pixels taken, and the differences. Throws `invalid-input` for a file that doesn't lie on the mosaic's grid.
 */
export async function mergeLabels(
  project: Project,
  mosaicId: string,
  filePath: string,
  { signal }: Options = {},
): Promise<MergeReport> {
  const { image, name } = project.mosaic(mosaicId);
  const mask = await openMask(filePath, { signal });
  try {
    const disagreement = maskDisagreement(image, mask.description);
    if (disagreement !== null) {
      throw new RpcError(
        "invalid-input",
        `${path.basename(filePath)} can't be merged into ${name}: the ${disagreement.replace("its image", "the mosaic")}.`,
      );
    }
    const { classes } = project.snapshot();
    const meant = meaningOf(mask.description.categoryNames, classes);
    const isClass = classTable(classes);
    const counts = { taken: 0, same: 0, conflicting: 0, unknown: 0 };
    const whole = { x: 0, y: 0, width: image.width, height: image.height };
    const theirIds = async (window: PixelWindow): Promise<Uint8Array> =>
      (await readMaskIds(mask, { pixelWindow: window }, { signal })).ids;
    await project.labels.change(
      mosaicId,
      { name: "Merge labels", editId: null },
      whole,
      async (window, ids) => {
        signal?.throwIfAborted();
        const theirs = await theirIds(window);
        for (let pixel = 0; pixel < ids.length; pixel++) {
          const found = theirs[pixel] as number;
          const id = meant[found] as number;
          const mine = ids[pixel] as number;
          if (id === UNLABELLED_ID) {
            counts.unknown += found === UNLABELLED_ID ? 0 : 1;
          } else if (isClass[mine] === 0) {
            ids[pixel] = id;
            counts.taken += 1;
          } else if (mine === id) {
            counts.same += 1;
          } else {
            counts.conflicting += 1;
          }
        }
      },
    );
    if (counts.conflicting > 0) {
      const step = { name: "Merge labels: differences", editId: null };
      await project.labels.change(theirsOf(mosaicId), step, whole, async (window, ids) => {
        signal?.throwIfAborted();
        const [theirs, mine] = await Promise.all([
          theirIds(window),
          project.readLabels(mosaicId, { pixelWindow: window }, { signal }),
        ]);
        for (let pixel = 0; pixel < ids.length; pixel++) {
          const id = meant[theirs[pixel] as number] as number;
          if (id !== UNLABELLED_ID && id !== mine[pixel]) {
            ids[pixel] = id;
          }
        }
      });
    }
    return { mosaicId, ...counts };
  } finally {
    await mask.close();
  }
}

/** Where labels differ from what others said, over some mosaics: by pair of classes, and the largest places. */
export async function findConflicts(
  project: Project,
  mosaicIds: readonly string[],
  most: number,
  { signal }: Options = {},
): Promise<LabelConflicts> {
  const pairs = new Float64Array(256 * 256);
  const found: (readonly [string, PlacesFound])[] = [];
  for (const mosaicId of mosaicIds) {
    if (project.labels.edited(theirsOf(mosaicId)) === null) {
      continue;
    }
    const { width, height } = project.mosaic(mosaicId).image;
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
          pairs[own * 256 + other] = (pairs[own * 256 + other] as number) + 1;
        }
      }
      finder.addRows(chosen, width);
    }
    found.push([mosaicId, finder.finish()]);
  }
  return {
    pixels: found.reduce((sum, [, { pixels }]) => sum + pixels, 0),
    places: found.reduce((sum, [, { places }]) => sum + places, 0),
    pairs: [...pairs.entries()]
      .filter(([, pixels]) => pixels > 0)
      .map(([key, pixels]) => ({ mineId: key >> 8, theirsId: key & 255, pixels }))
      .sort((first, second) => second.pixels - first.pixels),
    largest: largestOf(found, most).map(({ name, place }) => ({
      mosaicId: name,
      pixelWindow: place.pixelWindow,
      pixels: place.pixels,
      anchor: [Math.floor(place.anchor[0]), Math.floor(place.anchor[1])],
    })),
  };
}

/** More rectangles than this to one place aren't told from its box on a map. */
const mostRectangles = 400;
const mostCoveredPixels = 2 ** 24;

/** Rectangles that cover the pixels of places, for a map; a place that is too large or too ragged is covered by its box. */
export async function coverPlaces(
  project: Project,
  places: readonly ConflictPlace[],
  options: Options = {},
): Promise<{ mosaicId: string; pixelWindow: PixelWindow }[]> {
  const areas: { mosaicId: string; pixelWindow: PixelWindow }[] = [];
  for (const place of places) {
    const { mosaicId, pixelWindow } = place;
    const cover =
      pixelWindow.width * pixelWindow.height > mostCoveredPixels
        ? null
        : coverMask(await pixelsOfPlace(project, mosaicId, place, options), pixelWindow, mostRectangles);
    areas.push(...(cover ?? [pixelWindow]).map((rectangle) => ({ mosaicId, pixelWindow: rectangle })));
  }
  return areas;
}

/**
 * Settles differences in one step: "mine" forgets what the other person said, "theirs" makes it the labels; at one place, or (null) all of a mosaic.
 * Answers how many pixels that were.
 */
export async function settleConflicts(
  project: Project,
  mosaicId: string,
  place: Pick<ConflictPlace, "pixelWindow" | "anchor"> | null,
  kept: KeptSide,
  { signal }: Options = {},
): Promise<number> {
  const { width, height } = project.mosaic(mosaicId).image;
  const window = place?.pixelWindow ?? { x: 0, y: 0, width, height };
  const chosen = place === null ? null : await pixelsOfPlace(project, mosaicId, place, { signal });
  let pixels = 0;
  const target = kept === "mine" ? theirsOf(mosaicId) : mosaicId;
  const step = { name: kept === "mine" ? "Keep mine" : "Take theirs", editId: null };
  await project.labels.change(target, step, window, async (part, ids) => {
    signal?.throwIfAborted();
    const { mine, theirs } = await bothSides(project, mosaicId, part, { signal });
    for (let pixel = 0; pixel < ids.length; pixel++) {
      const [x, y] = [part.x + (pixel % part.width), part.y + Math.floor(pixel / part.width)];
      const isChosen = chosen === null || chosen[(y - window.y) * window.width + x - window.x] === 1;
      if (isChosen && isConflict(mine[pixel] as number, theirs[pixel] as number)) {
        ids[pixel] = kept === "mine" ? UNLABELLED_ID : (theirs[pixel] as number);
        pixels += 1;
      }
    }
  });
  return pixels;
}

/** 1 at the pixels of the place that holds an anchor, within its window. */
async function pixelsOfPlace(
  project: Project,
  mosaicId: string,
  { pixelWindow, anchor }: Pick<ConflictPlace, "pixelWindow" | "anchor">,
  options: Options,
): Promise<Uint8Array> {
  const { width, height } = project.mosaic(mosaicId).image;
  const inside = windowIntersection(pixelWindow, { x: 0, y: 0, width, height });
  const [column, row] = [anchor[0] - pixelWindow.x, anchor[1] - pixelWindow.y];
  if (inside === null || column < 0 || row < 0 || column >= pixelWindow.width || row >= pixelWindow.height) {
    throw new RpcError("invalid-input", "There is no such place: look for the differences again.");
  }
  const { mine, theirs } = await bothSides(project, mosaicId, pixelWindow, options);
  const mask = mine.map((id, pixel) => (isConflict(id, theirs[pixel] as number) ? 1 : 0));
  return connectedPixels(mask, pixelWindow.width, row * pixelWindow.width + column);
}

async function bothSides(
  project: Project,
  mosaicId: string,
  pixelWindow: PixelWindow,
  options: Options,
): Promise<{ readonly mine: Uint8Array; readonly theirs: Uint8Array }> {
  const mine = await project.readLabels(mosaicId, { pixelWindow }, options);
  const theirs = await project.labels.readWindow(theirsOf(mosaicId), { pixelWindow }, options);
  const isClass = classTable(project.snapshot().classes);
  return {
    mine,
    theirs:
      theirs?.map((id) => (isClass[id] === 1 ? id : UNLABELLED_ID)) ??
      new Uint8Array(mine.length).fill(UNLABELLED_ID),
  };
}

function isConflict(mine: number, theirs: number): boolean {
  return mine !== UNLABELLED_ID && theirs !== UNLABELLED_ID && mine !== theirs;
}

/** 1 at the ids of classes. */
function classTable(classes: readonly LandClass[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const { id } of classes) {
    table[id] = 1;
  }
  return table;
}

/** Our id for each of theirs: by the name that their file gives it, else the same; 255 for what is no class here. */
function meaningOf(
  names: Readonly<Record<string, string>> | null,
  classes: readonly LandClass[],
): Uint8Array {
  const isClass = classTable(classes);
  return Uint8Array.from({ length: 256 }, (_, id) => {
    const name = names?.[String(id)];
    if (name !== undefined) {
      return (
        classes.find((item) => item.name.toLowerCase() === name.trim().toLowerCase())?.id ?? UNLABELLED_ID
      );
    }
    return isClass[id] === 1 ? id : UNLABELLED_ID;
  });
}
