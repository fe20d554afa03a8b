import type { PixelWindow } from "../geo/pixel-window.ts";
import { assignParts } from "./assign-parts.ts";
import { overlapGroups, type SplitMosaic } from "./ground-overlap.ts";
import type { GroundSplit, SplitArea, SplitPart } from "./saved-split.ts";
import type { SplitDraft } from "./split-preview.ts";
import { listedTile, tileGrid } from "./tile-grid.ts";
import { SplitError, type LabelKnowledge } from "./tile-split.ts";

type Held = Exclude<SplitDraft, { kind: "saved" }>;

/** What dividing the ground depends on. */
export interface DraftInput {
  readonly mosaics: readonly SplitMosaic[];
  readonly tilePixels: number;
  readonly labels: LabelKnowledge | null;
  readonly seed: number;
}

/** Divides the ground as a draft says; ground that no area names is trained on. Throws `SplitError` where lists name what isn't there. */
export function splitOfDraft(draft: Held, input: DraftInput): GroundSplit {
  switch (draft.kind) {
    case "areas":
      return { areas: draft.areas, rest: draft.rest, guardMeters: draft.guardMeters };
    case "list":
      return { areas: listedAreas(draft, input), rest: "unused", guardMeters: 0 };
    case "mosaic":
      return { areas: mosaicAreas(draft, input), rest: "training", guardMeters: 0 };
    case "blocks":
      return {
        areas: cellAreas(
          draft,
          input,
          input.mosaics.flatMap((mosaic) =>
            blocksOf(
              mosaic,
              Math.max(input.tilePixels, Math.round(draft.blockMeters / (mosaic.pixelMeters ?? 1))),
            ),
          ),
        ),
        rest: "training",
        guardMeters: draft.guardMeters,
      };
    case "random":
      return {
        areas: cellAreas(
          draft,
          input,
          input.mosaics.flatMap((mosaic) =>
            tileGrid(mosaic, input.tilePixels).tiles.map(({ pixelWindow }) => ({
              mosaicId: mosaic.id,
              pixelWindow,
            })),
          ),
        ),
        rest: "training",
        guardMeters: 0,
      };
  }
}

interface Cell {
  readonly mosaicId: string;
  readonly pixelWindow: PixelWindow;
}

function cellAreas(
  { validation, test, stratified }: Extract<Held, { kind: "blocks" | "random" }>,
  { labels, seed }: DraftInput,
  cells: readonly Cell[],
): SplitArea[] {
  const weighed = cells.map(({ mosaicId, pixelWindow }) => ({
    classPixels: labels?.classPixels(mosaicId, pixelWindow) ?? [],
    pixels: pixelWindow.width * pixelWindow.height,
  }));
  const parts = assignParts(
    weighed,
    { validation, test },
    { stratified: stratified && labels !== null, seed },
  );
  return cells.flatMap((cell, index) => {
    const part = parts[index] ?? "training";
    return part === "training" ? [] : [areaOf(cell, part)];
  });
}

function mosaicAreas(
  { validation, test, stratified, fixed }: Extract<Held, { kind: "mosaic" }>,
  { mosaics, labels, seed }: DraftInput,
): SplitArea[] {
  const whole = (mosaic: SplitMosaic): PixelWindow => ({
    x: 0,
    y: 0,
    width: mosaic.width,
    height: mosaic.height,
  });
  const free = overlapGroups(mosaics.filter(({ id }) => fixed[id] === undefined));
  const parts = assignParts(
    free.map((group) => {
      const counts = group.map((mosaic) => labels?.classPixels(mosaic.id, whole(mosaic)) ?? []);
      return {
        classPixels: (counts[0] ?? []).map((_, at) => counts.reduce((sum, one) => sum + (one[at] ?? 0), 0)),
        pixels: group.reduce((sum, { width, height }) => sum + width * height, 0),
      };
    }),
    { validation, test },
    { stratified: stratified && labels !== null, seed },
  );
  const chosen = new Map<string, SplitPart>(Object.entries(fixed));
  for (const [index, group] of free.entries()) {
    group.forEach(({ id }) => chosen.set(id, parts[index] ?? "training"));
  }
  return mosaics.flatMap((mosaic) => {
    const part = chosen.get(mosaic.id) ?? "training";
    return part === "training" ? [] : [areaOf({ mosaicId: mosaic.id, pixelWindow: whole(mosaic) }, part)];
  });
}

function listedAreas(
  lists: Extract<Held, { kind: "list" }>,
  { mosaics, tilePixels }: DraftInput,
): SplitArea[] {
  const byName = new Map(mosaics.map((mosaic) => [mosaic.name, mosaic]));
  return (["training", "validation", "test"] as const).flatMap((part) =>
    lists[part]
      .map((line) => line.trim())
      .filter((line) => line !== "")
      .map((line) => {
        const mosaic = byName.get(line);
        if (mosaic !== undefined) {
          const { id, width, height } = mosaic;
          return areaOf({ mosaicId: id, pixelWindow: { x: 0, y: 0, width, height } }, part);
        }
        const [, name = "", index = ""] =
          /^(.*)_(\d+)$/.exec(line.replace(/\.(?:jpe?g|png|tiff?)$/i, "")) ?? [];
        const owner = byName.get(name);
        const tile = owner === undefined ? null : listedTile(owner, tilePixels, Number(index));
        if (owner === undefined || tile === null) {
          throw new SplitError(
            `The ${part} list names “${line}”, but there is no such tile of ${tilePixels} px; a line is MOSAIC_INDEX, as in “${mosaics[0]?.name ?? "mosaic"}_0”.`,
          );
        }
        return areaOf({ mosaicId: owner.id, pixelWindow: tile.pixelWindow }, part);
      }),
  );
}

/** Squares from the upper left corner on; the last ones end at the edge. */
function blocksOf({ id, width, height }: SplitMosaic, side: number): Cell[] {
  const cells: Cell[] = [];
  for (let y = 0; y < height; y += side) {
    for (let x = 0; x < width; x += side) {
      cells.push({
        mosaicId: id,
        pixelWindow: { x, y, width: Math.min(side, width - x), height: Math.min(side, height - y) },
      });
    }
  }
  return cells;
}

function areaOf({ mosaicId, pixelWindow }: Cell, part: SplitPart): SplitArea {
  return { mosaicId, part, shape: { kind: "window", pixelWindow } };
}
