import path from "node:path";
import {
  evaluateCommand,
  evaluateMasksCommand,
  groundWord,
  reportCommand,
  reportMasksCommand,
  trainCommand,
} from "#shared/command-line/command-lines.ts";
import { pixelToMap } from "#shared/geo/affine.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import type { FoundPlaces, PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import { UNLABELLED_ID, type LandClass } from "#shared/project/land-class.ts";
import { sameMeaning } from "#shared/project/same-meaning.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import type { GroundSplit, SplitPart } from "#shared/training/saved-split.ts";
import { settingsRows } from "#shared/training/settings-rows.ts";
import { shapeBounds } from "#shared/training/split-shapes.ts";
import { listArchitectures } from "../../engine/catalog.ts";
import { transformer, wgs84 } from "../../raster/index.ts";
import type { Evaluation, JudgedSet } from "../evaluation/index.ts";
import type { Project } from "../projects/index.ts";
import { sampledIds, type PredictionGrids } from "../rasters/index.ts";
import type { StoredRun } from "../runs/index.ts";
import { pixelMeters } from "../training/index.ts";
import type {
  ReportConfusion,
  ReportDocument,
  ReportMosaic,
  ReportPlace,
  ReportSubject,
} from "./report-document.ts";
import { classPicture, imagePicture, overviewSize } from "./report-pictures.ts";
import { trainedOnWords } from "./trained-on.ts";

/** What a report is about. */
export type ReportSubjectRequest = ReportOnRun | ReportOnMasks;

/** What a report is about, and where it goes. */
export type ReportRequest = ReportSubjectRequest & {
  /** The file that it goes to, as the user would name it. */
  readonly out: string;
};

interface ReportOnRun {
  readonly kind: "run";
  readonly stored: StoredRun;
  /** Labelled mosaics that the run has predicted; none for a report on the validation tiles alone. */
  readonly mosaicIds: readonly string[];
  readonly borderTolerancePixels: number;
  readonly within: EvaluatedGround | undefined;
}

interface ReportOnMasks {
  readonly kind: "masks";
  readonly set: JudgedSet;
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

/** What is particular to what is judged: the numbers, the places, and what is said of its making. */
interface Judging {
  readonly name: string;
  /** Whole mosaics that are counted. */
  readonly mosaicIds: readonly string[];
  readonly borderTolerancePixels: number;
  readonly within: EvaluatedGround | undefined;
  /** Tiles of its own, to be drawn on the mosaics. */
  readonly ground: GroundSplit;
  readonly classes: readonly LandClass[];
  readonly counted: ReportDocument["evaluation"];
  /** What to know before the numbers are believed, a sentence each. */
  readonly beware: readonly string[];
  readonly subject: ReportSubject;
  readonly commands: ReportDocument["commands"];
  readonly places: (selection: PlaceSelection) => Promise<FoundPlaces>;
  /** What was predicted in a window, scaled to a size; 255 where nothing was. */
  readonly predicted: (mosaicId: string, pixelWindow: PixelWindow, size: PixelSize) => Promise<Uint8Array>;
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
  const { signal, onProgress } = options;
  onProgress?.(0, "counting pixels");
  const judging =
    request.kind === "run"
      ? await judgeRun(project, request, sources, options)
      : await judgeMasks(project, request, sources, options);
  onProgress?.(0.3, "looking for places");
  const confusions = judging.mosaicIds.length === 0 ? [] : await worstConfusions(project, judging, options);
  onProgress?.(0.8, "drawing mosaics");
  const { subject, mosaicIds, ground } = judging;
  const used =
    subject.kind === "run"
      ? [...subject.run.trainingMosaicIds, ...subject.run.validationMosaicIds, ...mosaicIds]
      : mosaicIds;
  const named = project
    .snapshot()
    .mosaics.filter((mosaic): mosaic is ReadyMosaic => mosaic.kind === "ready")
    .filter(({ id }) => used.includes(id));
  const mosaics: ReportMosaic[] = [];
  for (const mosaic of named.slice(0, MOST_MOSAICS)) {
    signal?.throwIfAborted();
    mosaics.push(await reportMosaic(project, mosaic, ground, { signal }));
  }
  return {
    title: `${project.snapshot().name}: ${judging.name}`,
    projectName: project.snapshot().name,
    folder: project.folderPath,
    createdAt: new Date().toISOString(),
    subject,
    mosaics,
    furtherMosaics: Math.max(0, named.length - MOST_MOSAICS),
    evaluation: judging.counted,
    beware: judging.beware,
    confusions,
    commands: judging.commands,
    version: sources.version,
  };
}

async function judgeRun(
  project: Project,
  { stored, mosaicIds, borderTolerancePixels, within, out }: ReportOnRun & { readonly out: string },
  { evaluation, predictions, groundOfRun }: ReportSources,
  { signal }: GatherOptions,
): Promise<Judging> {
  const { run } = stored;
  const choice = { borderTolerancePixels, within, signal };
  const detail = mosaicIds.length === 0 ? null : await evaluation.detail(project, run.id, mosaicIds, choice);
  const report =
    detail?.report ?? (await evaluation.report(project, run.id, { kind: "validation" }, { signal }));
  const ground = await groundOfRun(project, stored);
  const tilesOf = (part: SplitPart): number => ground.areas.filter((area) => area.part === part).length;
  const trainedOn = namesOf(project, run.settings.mosaicIds ?? []);
  const place = { folder: project.folderPath, mosaicNames: namesOf(project, mosaicIds) };
  const words = { borderTolerancePixels, within: within === undefined ? null : groundWord(within) };
  return {
    ...{ name: run.name, mosaicIds, borderTolerancePixels, within, ground, classes: run.classes },
    counted: {
      counted:
        mosaicIds.length === 0
          ? `the validation tiles of epoch ${run.best?.epoch ?? 0}, as the network sees them`
          : countedWords(place.mosaicNames, { borderTolerancePixels, within }),
      report,
      detail,
    },
    beware: [
      trainedOnWords(
        mosaicIds.map((id) => project.mosaic(id)),
        ground,
        within,
      ),
      sameMeaning(run.classes, project.snapshot().classes)
        ? null
        : "The classes have changed since this run: what it calls by an id may be another class in the labels.",
    ].filter((words) => words !== null),
    subject: {
      kind: "run",
      run,
      settings: settingsRows([run.settings], listArchitectures()).map((row) =>
        row.key === "mosaicIds" && trainedOn.length > 0 ? { ...row, values: [trainedOn.join(", ")] } : row,
      ),
      tileCounts: {
        training: tilesOf("training"),
        validation: tilesOf("validation"),
        test: tilesOf("test"),
      },
    },
    commands: {
      train: trainCommand(
        run.settings,
        { folder: project.folderPath, mosaicNames: trainedOn },
        { classes: run.classes },
      ),
      evaluate: mosaicIds.length === 0 ? null : evaluateCommand(run.id, place, words),
      report: reportCommand(run.id, place, { ...words, out }),
    },
    places: (selection) =>
      evaluation.places(project, run.id, mosaicIds, { selection, most: PLACES_EACH }, choice),
    predicted: async (mosaicId, pixelWindow, size) => {
      const grid = await predictions.readPrediction(project.id, mosaicId, run.id);
      const found = await grid?.readWindow({ pixelWindow, outputSize: size }, { signal });
      return found?.ids ?? new Uint8Array(size.width * size.height).fill(UNLABELLED_ID);
    },
  };
}

async function judgeMasks(
  project: Project,
  { set, out }: ReportOnMasks & { readonly out: string },
  { evaluation: { masks } }: ReportSources,
  { signal }: GatherOptions,
): Promise<Judging> {
  const { question, path: given } = set;
  const { borderTolerancePixels, within, mapping, otherGrids } = question;
  const { detail, resampled, withoutMask } = await masks.count(project, set, { signal });
  const mosaicIds = set.mosaics.map(({ mosaicId }) => mosaicId);
  const names = namesOf(project, mosaicIds);
  const words = {
    ...{ path: given, mapping, resampled: otherGrids === "nearest", borderTolerancePixels },
    within: within === undefined ? null : groundWord(within),
    ...(question.mosaicIds === null ? {} : { mosaicNames: names }),
  };
  return {
    name: `masks of ${path.basename(given)}`,
    ...{ mosaicIds, borderTolerancePixels, within, classes: project.snapshot().classes },
    ground: { areas: [], rest: "unused", guardMeters: 0 },
    counted: {
      counted: countedWords(names, { borderTolerancePixels, within }),
      report: detail.report,
      detail,
    },
    beware: [],
    subject: { kind: "masks", path: given, resampled, withoutMask },
    commands: {
      train: null,
      evaluate: evaluateMasksCommand(project.folderPath, words),
      report: reportMasksCommand(project.folderPath, words, out),
    },
    places: (selection) => masks.places(project, set, { selection, most: PLACES_EACH }, { signal }),
    predicted: (mosaicId, pixelWindow, size) => {
      const mosaic = set.mosaics.find((one) => one.mosaicId === mosaicId)!;
      const read = (part: PixelWindow): Promise<Uint8Array> => masks.readIds(set, mosaic, part, { signal });
      return sampledIds(read, mosaic.image, { pixelWindow, size }, { signal });
    },
  };
}

function namesOf(project: Project, mosaicIds: readonly string[]): string[] {
  return mosaicIds.flatMap((mosaicId) =>
    project.snapshot().mosaics.flatMap(({ id, name }) => (id === mosaicId ? [name] : [])),
  );
}

function countedWords(
  names: readonly string[],
  { borderTolerancePixels, within }: Pick<Judging, "borderTolerancePixels" | "within">,
): string {
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
  judging: Judging,
  options: GatherOptions,
): Promise<ReportConfusion[]> {
  const { report } = judging.counted;
  const cells = report.confusion
    .flatMap((row, truthIndex) =>
      row.map((pixels, predictionIndex) => ({ truthIndex, predictionIndex, pixels })),
    )
    .filter(({ truthIndex, predictionIndex, pixels }) => truthIndex !== predictionIndex && pixels > 0)
    .toSorted((first, second) => second.pixels - first.pixels)
    .slice(0, MOST_CONFUSIONS);
  const confusions: ReportConfusion[] = [];
  for (const [index, { truthIndex, predictionIndex }] of cells.entries()) {
    const found = await judging.places({
      kind: "cell",
      truthId: report.classes[truthIndex]!.id,
      predictionId: report.classes[predictionIndex]!.id,
    });
    const places: ReportPlace[] = [];
    for (const place of found.largest) {
      places.push(await reportPlace(project, judging, place, options));
    }
    confusions.push({ truthIndex, predictionIndex, found, places });
    options.onProgress?.(0.3 + (0.5 * (index + 1)) / cells.length, "looking for places");
  }
  return confusions;
}

async function reportPlace(
  project: Project,
  { classes, predicted }: Judging,
  place: FoundPlaces["largest"][number],
  { signal }: GatherOptions,
): Promise<ReportPlace> {
  const { mosaicId } = place;
  const mosaic = project.mosaic(mosaicId);
  const pixelWindow = seenAround(place.pixelWindow);
  const size = { width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE };
  const truth = await project.readLabels(mosaicId, { pixelWindow, outputSize: size }, { signal });
  return {
    mosaicName: mosaic.name,
    place,
    position: positionOf(mosaic, place.anchor),
    pictures: [
      await imagePicture(project, mosaicId, pixelWindow, size, { signal }),
      await classPicture(truth, size, classes),
      await classPicture(await predicted(mosaicId, pixelWindow, size), size, classes),
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
