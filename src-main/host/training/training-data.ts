import { rasterExtent, type MapExtent } from "#shared/geo/bounds.ts";
import { extentUnion } from "#shared/geo/bounds.ts";
import { pixelToMap } from "#shared/geo/affine.ts";
import { countedClasses } from "#shared/metrics/confusion-matrix.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import { hasLabels } from "#shared/project/mosaic.ts";
import type { MapProjection, ReadyMosaic } from "#shared/project/mosaic.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { SplitMosaic } from "#shared/training/ground-overlap.ts";
import type { GroundSplit } from "#shared/training/saved-split.ts";
import { gridTiles, splitTiles } from "#shared/training/split-tiles.ts";
import type { LabelKnowledge, TileSplit } from "#shared/training/tile-split.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";
import { transformer, type CrsTransformer } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";
import { commonBands, channelsOfClasses, type TileShape } from "../network-tiles/index.ts";
import { findSplit } from "../saved-splits/index.ts";
import { pixelMeters } from "./ground-pixel-meters.ts";
import { tilesOfGround } from "./training-ground.ts";
import { labelKnowledge, type LabelCensus } from "./label-census.ts";

/** All that a training is about to read, decided but not yet read. */
export interface TrainingData {
  readonly settings: TrainingSettings;
  readonly mosaics: readonly ReadyMosaic[];
  /** All classes of the project, ignored ones too. */
  readonly classes: readonly LandClass[];
  /** Those that the network tells apart: index is the output channel. */
  readonly counted: readonly LandClass[];
  readonly shape: TileShape;
  readonly split: TileSplit;
  /** Null while masks are still being counted; then the split takes every tile for labelled. */
  readonly labels: LabelKnowledge | null;
  readonly warnings: readonly string[];
}

/**
 * Decides which mosaics, bands, classes and tiles a training uses. With `count: "wait"` it reads the masks where that hasn't been done; with
 * `"if-known"` it answers at once. Throws `invalid-input` with what is missing and what to do.
 */
export async function prepareTrainingData(
  project: Project,
  settings: TrainingSettings,
  options: {
    readonly census: LabelCensus;
    readonly count: "wait" | "if-known";
    /** Input sides must be a multiple of this, in pixels. */
    readonly stride: number;
    /** As a run made earlier had them; null takes the project's. */
    readonly classes?: readonly LandClass[] | null;
    /** The tiles that a run began with, which it keeps; null has the settings choose them. */
    readonly ground?: GroundSplit | null;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<TrainingData> {
  await project.settled();
  const { signal } = options;
  const { ground = null } = options;
  const used = ground === null ? null : new Set(ground.areas.map(({ mosaicId }) => mosaicId));
  const mosaics = labelledMosaics(project, used === null ? settings.mosaicIds : [...used]);
  const classes = options.classes ?? project.snapshot().classes;
  const counted = countedClasses(classes);
  if (counted.length < 2) {
    throw new RpcError(
      "invalid-input",
      `Training needs at least two classes that aren't ignored, but there ${counted.length === 1 ? "is one" : "are none"}: add classes, or untick “ignore”.`,
    );
  }
  const mosaicIds = mosaics.map(({ id }) => id);
  const classIds = classes.map(({ id }) => id);
  const censuses =
    options.count === "wait"
      ? await options.census.count(project, mosaicIds, classIds, { signal })
      : options.census.known(project, mosaicIds, classIds);
  const labels = censuses === null ? null : labelKnowledge(censuses, counted);
  const split =
    ground === null
      ? splitTiles(
          splitMosaics(project, mosaics),
          settings.tilePixels,
          settings.split,
          settings.seed,
          labels,
          settings.split.kind === "saved" ? await findSplit(project, settings.split.splitId) : null,
        )
      : tilesOfGround(ground, gridTiles(splitMosaics(project, mosaics), settings.tilePixels, settings.split));
  if (split === null) {
    throw new RpcError(
      "conflict",
      "Some of the tiles that this run began with aren’t there any more, or have no labels: bring their mosaics and masks back, or train a new run that begins with its weights.",
    );
  }
  const { bands, warnings } = commonBands(mosaics);
  const wantedPixels = settings.inputPixels ?? settings.tilePixels;
  const networkPixels = Math.ceil(wantedPixels / options.stride) * options.stride;
  if (networkPixels !== wantedPixels) {
    warnings.push(
      `The network needs sides that are a multiple of ${options.stride}: tiles of ${wantedPixels} px are filled up to ${networkPixels} with their mirror image, which counts for nothing.`,
    );
  }
  if (split.unlabelledTiles > 0) {
    warnings.push(`${split.unlabelledTiles} tiles have no labelled pixel and are left out.`);
  }
  return {
    settings,
    mosaics,
    classes,
    counted,
    shape: { inputPixels: wantedPixels, networkPixels, bands, channelOfId: channelsOfClasses(classes) },
    split,
    labels,
    warnings: [...split.warnings, ...warnings],
  };
}

/** Mosaics with a mask that agrees with them; throws `invalid-input` saying what is missing. */
export function labelledMosaics(project: Project, mosaicIds: readonly string[] | null): ReadyMosaic[] {
  const ready = project.snapshot().mosaics.filter((mosaic) => mosaic.kind === "ready");
  const chosen = mosaicIds === null ? ready : ready.filter(({ id }) => mosaicIds.includes(id));
  const labelled = chosen.filter(({ mask }) => hasLabels(mask));
  if (labelled.length > 0) {
    return labelled;
  }
  const refused = chosen.flatMap(({ mask }) =>
    mask.kind === "refused" ? [`${mask.fileName}: ${mask.reason}`] : [],
  );
  throw new RpcError(
    "invalid-input",
    chosen.length === 0
      ? "There is no mosaic to train on that can be read."
      : refused.length > 0
        ? `No mask can be used (${refused[0] ?? ""}${refused.length > 1 ? `, and ${refused.length - 1} more` : ""}): a mask has its image's size and place.`
        : "There are no masks to learn from: put one of the same name as its image into masks/, beside images/.",
  );
}

/** Mosaics as a split sees them, their ground in the project's own view projection so that it can be compared. */
export function splitMosaics(project: Project, mosaics: readonly ReadyMosaic[]): SplitMosaic[] {
  const { viewProjection } = project.snapshot();
  return mosaics.map((mosaic) => ({
    id: mosaic.id,
    name: mosaic.name,
    width: mosaic.image.width,
    height: mosaic.image.height,
    groundExtent: groundExtent(mosaic, viewProjection),
    pixelMeters: pixelMeters(mosaic),
  }));
}

/** Null for pixel coordinates, which say nothing of the ground, and for what can't be transformed. */
function groundExtent({ placement, image }: ReadyMosaic, view: MapProjection): MapExtent | null {
  const { projection, geotransform } = placement;
  if (projection.units === "pixel") {
    return null;
  }
  if (projection.code === view.code) {
    return rasterExtent(geotransform, image);
  }
  const toView = projectionTransformer(projection, view);
  const corners = [
    [0, 0],
    [image.width, 0],
    [0, image.height],
    [image.width, image.height],
  ] as const;
  let extent: MapExtent | null = null;
  for (const corner of corners) {
    const position = toView?.forward(pixelToMap(geotransform, corner));
    if (position === undefined || position === null) {
      return null;
    }
    const point: MapExtent = [position[0], position[1], position[0], position[1]];
    extent = extent === null ? point : extentUnion(extent, point);
  }
  return extent;
}

function projectionTransformer(from: MapProjection, to: MapProjection): CrsTransformer | null {
  return from.proj4 === null || to.proj4 === null
    ? null
    : transformer(
        { kind: "custom", name: from.name, proj4: from.proj4 },
        { kind: "custom", name: to.name, proj4: to.proj4 },
      );
}
