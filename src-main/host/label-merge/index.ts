import path from "node:path";
import { windowIntersection, type PixelWindow } from "#shared/geo/pixel-window.ts";
import {
  mergeSteps,
  type ConflictPlace,
  type KeptSide,
  type MergeReport,
} from "#shared/labels/label-merge.ts";
import { UNLABELLED_ID, type LandClass } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { theirsOf } from "../labels/index.ts";
import { maskDisagreement, openMask, readMaskIds, type Project } from "../projects/index.ts";
import {
  bothSides,
  classTable,
  isConflict,
  mostPlacePixels,
  noSuchPlace,
  pixelsOfPlace,
} from "./both-sides.ts";

export { coverPlaces, findConflicts } from "./find-conflicts.ts";

interface Options {
  readonly signal?: AbortSignal | undefined;
}

interface MergeOptions extends Options {
  /** Told the share that is done, 0–1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/**
 * Merges labels that another person exported into those of a mosaic: what only they have labelled is taken, what both call alike stays, and where the
 * two differ the labels stay while theirs are kept beside them, to be settled. Their ids are understood by their classes' names, where the file has some.
 *
 * One step that can be undone. Throws `invalid-input` for a file that doesn't lie on the mosaic's grid. Stopped before its end it has changed nothing.
 */
export async function mergeLabels(
  project: Project,
  mosaicId: string,
  filePath: string,
  { signal, onProgress = () => undefined }: MergeOptions = {},
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
    /** Both passes, as if there were always differences to keep. */
    const pixels = 2 * image.width * image.height;
    let seen = 0;
    const theirIds = async (window: PixelWindow): Promise<Uint8Array> => {
      signal?.throwIfAborted();
      seen += window.width * window.height;
      onProgress(Math.min(1, seen / pixels));
      return (await readMaskIds(mask, { pixelWindow: window }, { signal })).ids;
    };
    const take = async (window: PixelWindow, ids: Uint8Array): Promise<void> => {
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
    };
    const keep = async (window: PixelWindow, ids: Uint8Array): Promise<void> => {
      const [theirs, mine] = await Promise.all([
        theirIds(window),
        project.readLabels(mosaicId, { pixelWindow: window }, { signal, withinStep: true }),
      ]);
      for (let pixel = 0; pixel < ids.length; pixel++) {
        const id = meant[theirs[pixel] as number] as number;
        if (id !== UNLABELLED_ID && id !== mine[pixel]) {
          ids[pixel] = id;
        }
      }
    };
    await project.labels.changeTogether({ name: mergeSteps.merged, editId: null }, [
      { labelsId: mosaicId, window: whole, paint: take },
      { labelsId: theirsOf(mosaicId), window: whole, paint: keep, isNeeded: () => counts.conflicting > 0 },
    ]);
    return { mosaicId, ...counts };
  } finally {
    await mask.close();
  }
}

/**
 * Settles differences in one step: "mine" forgets what the other person said, "theirs" makes it the labels and forgets it; at one place, or (null) all
 * of a mosaic. Answers how many pixels that were. Throws `invalid-input` for a place that is gone or too large to be looked at in one piece.
 */
export async function settleConflicts(
  project: Project,
  mosaicId: string,
  place: Pick<ConflictPlace, "pixelWindow" | "anchor"> | null,
  side: KeptSide,
  { signal }: Options = {},
): Promise<number> {
  const { image, name } = project.mosaic(mosaicId);
  const whole = { x: 0, y: 0, width: image.width, height: image.height };
  const window = place === null ? whole : windowIntersection(place.pixelWindow, whole);
  if (window === null) {
    throw noSuchPlace();
  }
  if (place !== null && window.width * window.height > mostPlacePixels) {
    throw new RpcError(
      "invalid-input",
      `A place of ${window.width}×${window.height} px is too large to be settled by itself: settle all differences of ${name} at once.`,
    );
  }
  const chosen =
    place === null
      ? null
      : await pixelsOfPlace(project, mosaicId, { pixelWindow: window, anchor: place.anchor }, { signal });
  if (project.labels.edited(theirsOf(mosaicId)) === null) {
    return 0;
  }
  const isChosen = (part: PixelWindow, pixel: number): boolean => {
    const [x, y] = [part.x + (pixel % part.width), part.y + Math.floor(pixel / part.width)];
    return chosen === null || chosen[(y - window.y) * window.width + x - window.x] === 1;
  };
  let pixels = 0;
  const settle = async (part: PixelWindow, ids: Uint8Array): Promise<void> => {
    signal?.throwIfAborted();
    const { mine, theirs } = await bothSides(project, mosaicId, part, { signal, withinStep: true });
    for (let pixel = 0; pixel < ids.length; pixel++) {
      if (isConflict(mine[pixel] as number, theirs[pixel] as number) && isChosen(part, pixel)) {
        ids[pixel] = side === "mine" ? UNLABELLED_ID : (theirs[pixel] as number);
        pixels += 1;
      }
    }
  };
  /** What is the label by now is no longer another's: painting over it opens nothing again. */
  const forget = async (part: PixelWindow, ids: Uint8Array): Promise<void> => {
    const { mine, theirs } = await bothSides(project, mosaicId, part, { withinStep: true });
    for (let pixel = 0; pixel < ids.length; pixel++) {
      if (theirs[pixel] !== UNLABELLED_ID && mine[pixel] === theirs[pixel] && isChosen(part, pixel)) {
        ids[pixel] = UNLABELLED_ID;
      }
    }
  };
  await project.labels.changeTogether(
    { name: mergeSteps[side], editId: null },
    side === "mine"
      ? [{ labelsId: theirsOf(mosaicId), window, paint: settle }]
      : [
          { labelsId: mosaicId, window, paint: settle },
          { labelsId: theirsOf(mosaicId), window, paint: forget },
        ],
  );
  return pixels;
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
