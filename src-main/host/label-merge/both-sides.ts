import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { ConflictPlace } from "#shared/labels/label-merge.ts";
import { UNLABELLED_ID, type LandClass } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { theirsOf, type LabelReadOptions } from "../labels/index.ts";
import type { Project } from "../projects/index.ts";
import { connectedPixels } from "./connected-pixels.ts";

/** A place whose box is larger isn't looked at in one piece. */
export const mostPlacePixels = 2 ** 24;

/** Says that labels have changed since a place was found. */
export function noSuchPlace(): RpcError {
  return new RpcError("invalid-input", "There is no such place: look for the differences again.");
}

/** 1 at the pixels of the place that holds an anchor, within its window, which lies within the mosaic. */
export async function pixelsOfPlace(
  project: Project,
  mosaicId: string,
  { pixelWindow, anchor }: Pick<ConflictPlace, "pixelWindow" | "anchor">,
  options: LabelReadOptions,
): Promise<Uint8Array> {
  const [column, row] = [anchor[0] - pixelWindow.x, anchor[1] - pixelWindow.y];
  if (column < 0 || row < 0 || column >= pixelWindow.width || row >= pixelWindow.height) {
    throw noSuchPlace();
  }
  const { mine, theirs } = await bothSides(project, mosaicId, pixelWindow, options);
  const mask = mine.map((id, pixel) => (isConflict(id, theirs[pixel] as number) ? 1 : 0));
  return connectedPixels(mask, pixelWindow.width, row * pixelWindow.width + column);
}

/** Labels of a window as they are and as another person called them, row-major; 255 where there are none. */
export async function bothSides(
  project: Project,
  mosaicId: string,
  pixelWindow: PixelWindow,
  options: LabelReadOptions,
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

/** Whether two labels of a pixel differ; unlabelled agrees with all. */
export function isConflict(mine: number, theirs: number): boolean {
  return mine !== UNLABELLED_ID && theirs !== UNLABELLED_ID && mine !== theirs;
}

/** 1 at the ids of classes. */
export function classTable(classes: readonly LandClass[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const { id } of classes) {
    table[id] = 1;
  }
  return table;
}
