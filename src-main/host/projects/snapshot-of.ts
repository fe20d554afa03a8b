import type { LandClass } from "#shared/project/land-class.ts";
import type { Mask, Mosaic, Placement, Problem } from "#shared/project/mosaic.ts";
import type { EditedLabels } from "../labels/index.ts";
import type { ExaminedMosaic } from "./examine-mosaic.ts";
import type { ListedMosaic } from "./list-folder.ts";
import type { MaskCounts } from "./mask-values.ts";
import { pixelProjection, rowGeotransforms, statedPlacement } from "./placement.ts";

/** A mosaic that has been read, with what is known about its mask so far. */
export interface KnownMosaic {
  readonly id: string;
  readonly name: string;
  readonly listed: ListedMosaic;
  readonly examined: ExaminedMosaic;
  /** Null until they are counted. */
  readonly counts: MaskCounts | null;
}

/** Names shown before "and N more". */
const NAMES_SHOWN = 3;

/** The mosaics as the page sees them, and what in them needs attention. */
export function describeMosaics(
  known: readonly KnownMosaic[],
  classes: readonly LandClass[],
  editedOf: (mosaicId: string) => EditedLabels | null = () => null,
): { readonly mosaics: Mosaic[]; readonly problems: Problem[] } {
  const problems: Problem[] = [];
  const placements = placeAll(known, problems);
  const classIds = new Set(classes.map((item) => item.id));
  const mosaics = known.map((mosaic): Mosaic => {
    const { id, name, listed, examined } = mosaic;
    const { fileName } = listed.image;
    if (examined.kind === "failed") {
      problems.push({
        id: `${id}:image`,
        severity: "error",
        file: fileName,
        mosaicId: id,
        message: `This image can't be opened: ${sentence(examined.reason)}`,
      });
      return { kind: "failed", id, name, fileName, reason: examined.reason };
    }
    problems.push(...maskProblems(mosaic, classIds));
    const placement = placements.get(id);
    if (placement === undefined) {
      throw new Error(`${fileName} was not placed`);
    }
    return {
      kind: "ready",
      id,
      name,
      fileName,
      image: examined.image,
      placement,
      mask: labelsOf(mosaic, classIds, editedOf(id)),
    };
  });
  return { mosaics, problems };
}

/** What a sentence about files that match nothing says. */
export function strayMaskProblem(fileNames: readonly string[]): Problem | null {
  if (fileNames.length === 0) {
    return null;
  }
  return {
    id: "stray-masks",
    severity: "warning",
    file: fileNames.length === 1 ? (fileNames[0] ?? null) : null,
    mosaicId: null,
    message: `${someNames(fileNames)} ${fileNames.length === 1 ? "has" : "have"} no image of the same name, so ${
      fileNames.length === 1 ? "it is" : "they are"
    } not used.`,
  };
}

/** What to do about links to folders that lead nowhere; null without one. */
export function lostFolderProblem(names: readonly string[]): Problem | null {
  return names.length === 0
    ? null
    : {
        id: "lost-folders",
        severity: "error",
        file: names.join(", "),
        mosaicId: null,
        message: `${names.join(" and ")} ${names.length === 1 ? "is a link that leads" : "are links that lead"} nowhere: look for what it held in another folder.`,
      };
}

function placeAll(known: readonly KnownMosaic[], problems: Problem[]): Map<string, Placement> {
  const placements = new Map<string, Placement>();
  const inRow: { readonly id: string; readonly width: number; readonly height: number }[] = [];
  const withoutCrs: string[] = [];
  for (const { id, listed, examined } of known) {
    if (examined.kind === "failed") {
      continue;
    }
    const { image } = examined;
    const { placement, warning } = statedPlacement(image);
    if (placement === null) {
      inRow.push({ id, width: image.width, height: image.height });
    } else {
      placements.set(id, placement);
    }
    const otherWarnings = image.warnings.filter(
      (text) => warning === null || !/coordinate system/.test(text),
    );
    if (placement === null && image.crs.kind === "none") {
      withoutCrs.push(listed.image.fileName);
    } else if (warning !== null) {
      otherWarnings.unshift(warning);
    }
    for (const [index, text] of otherWarnings.entries()) {
      problems.push({
        id: `${id}:warning-${index}`,
        severity: "warning",
        file: listed.image.fileName,
        mosaicId: id,
        message: sentence(text),
      });
    }
  }
  for (const [index, geotransform] of rowGeotransforms(inRow).entries()) {
    placements.set(inRow[index]?.id ?? "", { projection: pixelProjection, geotransform });
  }
  if (withoutCrs.length > 0) {
    problems.push({
      id: "no-crs",
      severity: "warning",
      file: withoutCrs.length === 1 ? (withoutCrs[0] ?? null) : null,
      mosaicId: null,
      message:
        withoutCrs.length === 1
          ? `${someNames(withoutCrs)} states no coordinate system, so it is shown in pixel coordinates.`
          : `${someNames(withoutCrs)} state no coordinate system, so they are shown in pixel coordinates, side by side.`,
    });
  }
  return placements;
}

/** The mask, or what was painted over it: then its pixels are those of the mask and the changes since. */
function labelsOf(
  mosaic: KnownMosaic,
  classIds: ReadonlySet<number>,
  edited: EditedLabels | null,
): Extract<Mosaic, { kind: "ready" }>["mask"] {
  const mask = maskOf(mosaic, classIds);
  if (edited === null) {
    return mask;
  }
  const basedOn = mask.kind === "matched" ? mask.fileName : null;
  if (basedOn !== null && mosaic.counts === null) {
    return { kind: "edited", basedOn, classPixels: null };
  }
  const pixels = new Map(mosaic.counts?.ids);
  for (const [id, change] of edited.countChanges) {
    pixels.set(id, (pixels.get(id) ?? 0) + change);
  }
  const shown = [...pixels].filter(([id, count]) => classIds.has(id) && count > 0);
  return {
    kind: "edited",
    basedOn,
    classPixels: Object.fromEntries(shown.map(([id, count]) => [String(id), count])),
  };
}

function maskOf(
  { examined, counts }: KnownMosaic,
  classIds: ReadonlySet<number>,
): Exclude<Mask, { kind: "edited" }> {
  if (examined.kind === "failed" || examined.mask.kind === "none") {
    return { kind: "none" };
  }
  const { mask } = examined;
  if (mask.kind === "refused") {
    return { kind: "refused", fileName: mask.file.fileName, reason: mask.reason };
  }
  const classPixels =
    counts === null
      ? null
      : Object.fromEntries(
          [...counts.ids].filter(([id]) => classIds.has(id)).map(([id, n]) => [String(id), n]),
        );
  return { kind: "matched", fileName: mask.file.fileName, classPixels };
}

function maskProblems(mosaic: KnownMosaic, classIds: ReadonlySet<number>): Problem[] {
  const { id, listed, examined, counts } = mosaic;
  if (examined.kind === "failed" || examined.mask.kind === "none") {
    return [];
  }
  const { mask } = examined;
  const file = mask.file.fileName;
  if (mask.kind === "refused") {
    return [
      {
        id: `${id}:mask`,
        severity: "error",
        file,
        mosaicId: id,
        message: `This mask is not used: ${sentence(mask.reason)}`,
      },
    ];
  }
  const problems: Problem[] = [];
  if (listed.masks.length > 1) {
    const others = listed.masks.slice(1).map((other) => other.fileName);
    problems.push({
      id: `${id}:second-mask`,
      severity: "warning",
      file,
      mosaicId: id,
      message: `Several masks have this image's name: this one is used, ${someNames(others)} not.`,
    });
  }
  if (counts !== null && isBinary(counts) && mask.nodata === null) {
    problems.push({
      id: `${id}:binary-values`,
      severity: "warning",
      file,
      mosaicId: id,
      message:
        "This mask has only the values 0 and 255; 255 means unlabelled here. If 255 is a class, save it as 1.",
    });
  }
  const unknown = [...(counts?.ids ?? [])].filter(([value]) => !classIds.has(value));
  if (unknown.length > 0) {
    const listedIds = unknown.map(([value, pixels]) => `${value} (${count(pixels)} px)`).join(", ");
    problems.push({
      id: `${id}:unknown-ids`,
      severity: "warning",
      file,
      mosaicId: id,
      message: `This mask has ids that are no class: ${listedIds}. They count as unlabelled until you add a class with that id.`,
    });
  }
  if (counts !== null && counts.impossible > 0) {
    problems.push({
      id: `${id}:impossible-ids`,
      severity: "warning",
      file,
      mosaicId: id,
      message: `${count(counts.impossible)} px of this mask have values that can't be class ids (whole numbers from 0 to 254). They count as unlabelled.`,
    });
  }
  return problems;
}

/** Whether a mask looks like one of two classes saved as black and white. */
function isBinary({ ids, unlabelled, impossible }: MaskCounts): boolean {
  return ids.size === 1 && ids.has(0) && unlabelled > 0 && impossible === 0;
}

function someNames(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).join(", ");
  return names.length > NAMES_SHOWN ? `${shown} and ${names.length - NAMES_SHOWN} more` : shown;
}

function count(pixels: number): string {
  return pixels.toLocaleString("en-US");
}

/** With a capital at its beginning and a stop at its end. */
function sentence(text: string): string {
  const trimmed = text.trim();
  const stopped = /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
  return stopped.charAt(0).toUpperCase() + stopped.slice(1);
}
