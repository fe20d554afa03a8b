import {
  evaluateCommand,
  groundWord,
  reportCommand,
  trainCommand,
} from "#shared/command-line/command-lines.ts";
import { pixelToMap } from "#shared/geo/affine.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";
import type { FoundPlaces } from "#shared/metrics/evaluation-detail.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import type { GroundSplit, SplitPart } from "#shared/training/saved-split.ts";
import { settingsRows } from "#shared/training/settings-rows.ts";
import { shapeBounds } from "#shared/training/split-shapes.ts";
import { transformer, wgs84 } from "../../raster/index.ts";
import type { Evaluation } from "../evaluation/index.ts";
import type { Project } from "../projects/index.ts";
import type { PredictionGrids } from "../rasters/index.ts";
import type { StoredRun } from "../runs/index.ts";
import { pixelMeters } from "../training/index.ts";
import type { ReportConfusion, ReportDocument, ReportMosaic, ReportPlace } from "./report-document.ts";
import { classPicture, imagePicture, overviewSize } from "./report-pictures.ts";

/** What a report is about. */
export interface ReportRequest {
  readonly stored: StoredRun;
  /** Labelled mosaics that the run has predicted; none for a report on the validation tiles alone. */
  readonly mosaicIds: readonly string[];
  readonly borderTolerancePixels: number;
  readonly within: EvaluatedGround | undefined;
  /** The file that it goes to, as the user would name it. */
  readonly out: string;
}

/** Where its parts come from. */
export interface ReportSources {
  readonly evaluation: Evaluation;
  readonly predictions: PredictionGrids;
  readonly groundOfRun: (project: Project, stored: StoredRun) => Promise<GroundSplit>;
  readonly version: string;
}

interface GatherOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (share: number, detail: string) => void;
}

const MOST_MOSAICS = 12;
const MOST_CONFUSIONS = 5;
const PLACES_EACH = 4;
const OVERVIEW_SIDE = 300;
const THUMBNAIL_SIDE = 132;

/** Collects everything that a report says; the slow part of making one. */
export async function gatherReport(
  project: Project,
  request: ReportRequest,
  sources: ReportSources,
  options: GatherOptions,
): Promise<ReportDocument> {
  const { stored, mosaicIds, borderTolerancePixels, within } = request;
  const { run } = stored;
  const { signal, onProgress } = options;
  const choice = { borderTolerancePixels, within, signal };
  onProgress?.(0, "counting pixels");
  const detail =
    mosaicIds.length === 0 ? null : await sources.evaluation.detail(project, run.id, mosaicIds, choice);
  const report =
    detail?.report ?? (await sources.evaluation.report(project, run.id, { kind: "validation" }, { signal }));
  onProgress?.(0.3, "looking for places");
  const confusions =
    mosaicIds.length === 0 ? [] : await worstConfusions(project, request, report, sources, options);
  onProgress?.(0.8, "drawing mosaics");
  const named = project
    .snapshot()
    .mosaics.filter((mosaic): mosaic is ReadyMosaic => mosaic.kind === "ready")
    .filter(
      ({ id }) =>
        run.trainingMosaicIds.includes(id) || run.validationMosaicIds.includes(id) || mosaicIds.includes(id),
    );
  const ground = await sources.groundOfRun(project, stored);
  const tilesOf = (part: SplitPart): number => ground.areas.filter((area) => area.part === part).length;
  const mosaics: ReportMosaic[] = [];
  for (const mosaic of named.slice(0, MOST_MOSAICS)) {
    signal?.throwIfAborted();
    mosaics.push(await reportMosaic(project, mosaic, ground, { signal }));
  }
  const place = {
    folder: project.folderPath,
    mosaicNames: mosaicIds.map((mosaicId) => project.mosaic(mosaicId).name),
  };
  const words = {
    borderTolerancePixels,
    within: within === undefined ? null : groundWord(within),
  };
  const trainedOn = labelledNames(project, run.settings.mosaicIds);
  return {
    title: `${project.snapshot().name}: ${run.name}`,
    projectName: project.snapshot().name,
    folder: project.folderPath,
    createdAt: new Date().toISOString(),
    run,
    settings: settingsRows([run.settings]).map((row) =>
      row.key === "mosaicIds" && trainedOn.length > 0 ? { ...row, values: [trainedOn.join(", ")] } : row,
    ),
    mosaics,
    furtherMosaics: Math.max(0, named.length - MOST_MOSAICS),
    tileCounts: { training: tilesOf("training"), validation: tilesOf("validation"), test: tilesOf("test") },
    evaluation: { counted: countedWords(request, place.mosaicNames), report, detail },
    confusions,
    commands: {
      train: trainCommand(
        run.settings,
        { folder: project.folderPath, mosaicNames: trainedOn },
        { classes: run.classes },
      ),
      evaluate: mosaicIds.length === 0 ? null : evaluateCommand(run.id, place, words),
      report: reportCommand(run.id, place, { ...words, out: request.out }),
    },
    version: sources.version,
  };
}

function labelledNames(project: Project, mosaicIds: readonly string[] | null): string[] {
  return (mosaicIds ?? []).flatMap((mosaicId) =>
    project.snapshot().mosaics.flatMap(({ id, name }) => (id === mosaicId ? [name] : [])),
  );
}

function countedWords(
  { stored: { run }, mosaicIds, borderTolerancePixels, within }: ReportRequest,
  names: readonly string[],
): string {
  if (mosaicIds.length === 0) {
    return `the validation tiles of epoch ${run.best?.epoch ?? 0}, as the network sees them`;
  }
  const where = names.length > 6 ? `${names.length} mosaics` : names.join(", ");
  const part =
    within === undefined
      ? "all labelled ground of"
      : `the ${within.part} ground of ${within.kind === "run" ? "this run" : "a saved split"} in`;
  const borders = borderTolerancePixels === 0 ? "" : `, borders of ${borderTolerancePixels} px left out`;
  return `${part} ${where} at full resolution${borders}`;
}

/** The largest confusions that aren't on the diagonal, with their largest places. */
async function worstConfusions(
  project: Project,
  request: ReportRequest,
  report: EvaluationReport,
  sources: ReportSources,
  options: GatherOptions,
): Promise<ReportConfusion[]> {
  const cells = report.confusion
    .flatMap((row, truthIndex) =>
      row.map((pixels, predictionIndex) => ({ truthIndex, predictionIndex, pixels })),
    )
    .filter(({ truthIndex, predictionIndex, pixels }) => truthIndex !== predictionIndex && pixels > 0)
    .toSorted((first, second) => second.pixels - first.pixels)
    .slice(0, MOST_CONFUSIONS);
  const confusions: ReportConfusion[] = [];
  for (const [index, { truthIndex, predictionIndex }] of cells.entries()) {
    const found = await sources.evaluation.places(
      project,
      request.stored.run.id,
      request.mosaicIds,
      {
        selection: {
          kind: "cell",
          truthId: report.classes[truthIndex]!.id,
          predictionId: report.classes[predictionIndex]!.id,
        },
        most: PLACES_EACH,
      },
      {
        borderTolerancePixels: request.borderTolerancePixels,
        within: request.within,
        signal: options.signal,
      },
    );
    const places: ReportPlace[] = [];
    for (const place of found.largest) {
      places.push(await reportPlace(project, request.stored, place, sources, options));
    }
    confusions.push({ truthIndex, predictionIndex, found, places });
    options.onProgress?.(0.3 + (0.5 * (index + 1)) / cells.length, "looking for places");
  }
  return confusions;
}

async function reportPlace(
  project: Project,
  { run }: StoredRun,
  place: FoundPlaces["largest"][number],
  { predictions }: ReportSources,
  { signal }: GatherOptions,
): Promise<ReportPlace> {
  const { mosaicId } = place;
  const mosaic = project.mosaic(mosaicId);
  const pixelWindow = seenAround(place.pixelWindow);
  const size = { width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE };
  const grid = await predictions.readPrediction(project.id, mosaicId, run.id);
  const predicted = await grid?.readWindow({ pixelWindow, outputSize: size }, { signal });
  const truth = await project.readLabels(mosaicId, { pixelWindow, outputSize: size }, { signal });
  return {
    mosaicName: mosaic.name,
    place,
    position: positionOf(mosaic, place.anchor),
    pictures: [
      await imagePicture(project, mosaicId, pixelWindow, size, { signal }),
      await classPicture(truth, size, run.classes),
      await classPicture(predicted?.ids ?? new Uint8Array(truth.length).fill(255), size, run.classes),
    ],
  };
}

/** A square around a place with its surroundings. */
function seenAround({ x, y, width, height }: PixelWindow): PixelWindow {
  const side = Math.round(Math.max(96, 1.6 * Math.max(width, height)));
  return {
    x: Math.round(x + width / 2 - side / 2),
    y: Math.round(y + height / 2 - side / 2),
    width: side,
    height: side,
  };
}

function positionOf({ image }: ReadyMosaic, [column, row]: readonly [number, number]): string | null {
  const toGround = image.geotransform === null ? null : transformer(image.crs, wgs84);
  const at =
    image.geotransform === null
      ? undefined
      : toGround?.forward(pixelToMap(image.geotransform, [column + 0.5, row + 0.5]));
  if (at === undefined || at === null) {
    return null;
  }
  const [longitude, latitude] = at;
  return `${Math.abs(latitude).toFixed(6)}° ${latitude < 0 ? "S" : "N"} ${Math.abs(longitude).toFixed(6)}° ${longitude < 0 ? "W" : "E"}`;
}

async function reportMosaic(
  project: Project,
  mosaic: ReadyMosaic,
  ground: GroundSplit,
  options: { readonly signal: AbortSignal | undefined },
): Promise<ReportMosaic> {
  const { id, name, fileName, image, placement } = mosaic;
  const { width, height, bands, dtype } = image;
  const meters = pixelMeters(mosaic);
  return {
    id,
    name,
    fileName,
    facts: [
      `${width} × ${height} px`,
      `${bands} ${bands === 1 ? "band" : "bands"} ${dtype}`,
      ...(meters === null ? [] : [`${Number(meters.toPrecision(3))} m a pixel`]),
      placement.projection.name,
    ].join(", "),
    width,
    height,
    overview: await imagePicture(
      project,
      id,
      { x: 0, y: 0, width, height },
      overviewSize(image, OVERVIEW_SIDE),
      options,
    ),
    tiles: ground.areas
      .filter(({ mosaicId }) => mosaicId === id)
      .map(({ part, shape }) => ({ part, ...shapeBounds(shape) })),
  };
}
