import type { Tile, TileSource } from "#shared/contract.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { Judged } from "#shared/metrics/evaluated-ground.ts";
import { countedClasses } from "#shared/metrics/confusion-matrix.ts";
import { UNLABELLED_ID, type LandClass } from "#shared/project/land-class.ts";
import type { ClassGrid, ClassWindow, Raster } from "../../raster/index.ts";
import type { BandStatistics, ImageryDisplay } from "#shared/project/imagery-display.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { toHostError } from "../host-error.ts";
import type { Project, Projects } from "../projects/index.ts";
import { statisticsOfBands } from "./band-statistics.ts";
import { isCostly } from "./coarse-preview.ts";
import { CoarseSamples, isCoarse } from "./coarse-samples.ts";
import { imageryTile } from "./imagery-tile.ts";
import { MANY_PIXELS, sampledIds } from "./sampled-ids.ts";
import { TileQueue } from "./tile-queue.ts";

export { imageryTile } from "./imagery-tile.ts";
export { sampledIds } from "./sampled-ids.ts";

/** Two decode while two wait for the disk. */
const TILES_AT_ONCE = 4;
/** Somebody who pans asks for tiles more often than this. */
const QUIET_MILLISECONDS = 300;
/** About what a frame with its first tile takes where there is no graphics processor. */
const BREATH_MILLISECONDS = 80;
/** Bands whose values are told of one pixel: what a status bar has room for. */
const MOST_VALUES = 16;

/** Which tile is wanted: a window on a mosaic's grid, scaled to `size`. */
export interface TileRequest {
  readonly projectId: string;
  readonly mosaicId: string;
  readonly source: TileSource;
  readonly pixelWindow: PixelWindow;
  readonly size: PixelSize;
}

/** Where predictions come from. */
export interface PredictionGrids {
  /** Null while nothing has been predicted there. */
  readPrediction(projectId: string, mosaicId: string, runId: string): Promise<ClassGrid | null>;
}

/** Where live predictions come from. */
export interface LivePixels {
  /** What has been predicted live of a window, as `ClassGrid.readWindow` answers. */
  readLive(
    projectId: string,
    mosaicId: string,
    runId: string,
    request: { readonly pixelWindow: PixelWindow; readonly outputSize: PixelSize },
  ): Promise<ClassWindow>;
}

/** Reads class ids of a window at full resolution, row-major; 255 for none and outside. */
type IdSource = (pixelWindow: PixelWindow) => Promise<Uint8Array>;

/** Where labels come from beside what is held against them. */
export interface Comparisons {
  /** Null where nothing has been predicted. */
  compared(
    project: Project,
    mosaicId: string,
    judged: Judged,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly truth: IdSource; readonly prediction: IdSource } | null>;
  /** Another word where labels, or what is held against them, have changed. */
  comparedVersion(project: Project, mosaicId: string, judged: Judged): Promise<string>;
}

/** What one source of a tile shows: labels, or what is held against them. */
interface ComparedSide {
  readonly judged: Judged;
  readonly side: "truth" | "prediction";
}

/** Makes the tiles that the map shows: imagery, labels, predictions. */
export class Tiles {
  readonly #projects: Projects;
  readonly #predictions: PredictionGrids & LivePixels;
  readonly #comparisons: Comparisons;
  readonly #coarse = new CoarseSamples();
  readonly #queue = new TileQueue(TILES_AT_ONCE);
  /** One at a time: the first of a view is there after a quarter of the time that four together would take. */
  readonly #costlyQueue = new TileQueue(1, { breathMilliseconds: BREATH_MILLISECONDS });

  constructor(given: {
    readonly projects: Projects;
    readonly predictions: PredictionGrids & LivePixels;
    readonly comparisons: Comparisons;
  }) {
    this.#projects = given.projects;
    this.#comparisons = given.comparisons;
    this.#predictions = given.predictions;
  }

  /** One tile; an aborted one does no further work, one that still waits none at all. */
  async tile(request: TileRequest, { signal }: { readonly signal: AbortSignal }): Promise<Tile> {
    // Before the turn, so that an unknown id is answered at once.
    const project = this.#projects.get(request.projectId);
    project.mosaic(request.mosaicId);
    try {
      return await this.#queue.run(() => this.#make(request, signal), signal);
    } catch (error) {
      throw toHostError(error);
    }
  }

  /** Resolves when nobody has asked for tiles for a moment; at once when the signal aborts. */
  quiet(signal: AbortSignal): Promise<void> {
    return this.#queue.quiet(QUIET_MILLISECONDS, signal);
  }

  /** What the values of some bands are like, for histograms; null for a band without valid pixels. */
  async statistics(
    projectId: string,
    mosaicId: string,
    bands: readonly number[],
  ): Promise<(BandStatistics | null)[]> {
    const project = this.#projects.get(projectId);
    const { image } = project.mosaic(mosaicId);
    const absent = bands.find((band) => band >= image.bands);
    if (absent !== undefined) {
      throw new RpcError("invalid-input", `Band ${absent + 1} was asked for, but there are ${image.bands}.`);
    }
    try {
      return await statisticsOfBands(await project.image(mosaicId), bands);
    } catch (error) {
      throw toHostError(error);
    }
  }

  /** The values of one pixel in the file's own units, by band; null where the mosaic, or this band of it, has no data. */
  async values(
    projectId: string,
    mosaicId: string,
    pixel: { readonly column: number; readonly row: number },
    { signal }: { readonly signal: AbortSignal },
  ): Promise<(number | null)[] | null> {
    const project = this.#projects.get(projectId);
    const { image } = project.mosaic(mosaicId);
    const bands = Array.from({ length: Math.min(image.bands, MOST_VALUES) }, (_, band) => band);
    try {
      const { data, valid } = await (
        await project.image(mosaicId)
      ).readWindow(
        { pixelWindow: { x: pixel.column, y: pixel.row, width: 1, height: 1 }, bands },
        { signal },
      );
      return valid === null
        ? Array.from(data, (value) => (Number.isFinite(value) && value !== image.nodata ? value : null))
        : null;
    } catch (error) {
      throw toHostError(error);
    }
  }

  async #make(request: TileRequest, signal: AbortSignal): Promise<Tile> {
    const { projectId, mosaicId, source, pixelWindow, size } = request;
    const project = this.#projects.get(projectId);
    switch (source.kind) {
      case "imagery":
        return this.#imagery(await project.image(mosaicId), request, source.display, signal);
      case "labels": {
        const data = await project.readLabels(mosaicId, { pixelWindow, outputSize: size }, { signal });
        return { layout: "classes", width: size.width, height: size.height, data };
      }
      case "unlabelled": {
        const labels = await project.readLabels(mosaicId, { pixelWindow, outputSize: size }, { signal });
        return unlabelledTile(labels, await project.image(mosaicId), request, signal);
      }
      case "prediction": {
        const grid = await this.#predictions.readPrediction(projectId, mosaicId, source.runId);
        return predictionTile(
          (await grid?.readWindow({ pixelWindow, outputSize: size }, { signal })) ?? null,
          size,
        );
      }
      case "live":
        return predictionTile(
          await this.#predictions.readLive(projectId, mosaicId, source.runId, {
            pixelWindow,
            outputSize: size,
          }),
          size,
        );
      case "uncertainty": {
        if (source.live) {
          const live = await this.#predictions.readLive(projectId, mosaicId, source.runId, {
            pixelWindow,
            outputSize: size,
          });
          return uncertaintyTile(live, size);
        }
        const grid = await this.#predictions.readPrediction(projectId, mosaicId, source.runId);
        const found = await grid?.readWindow({ pixelWindow, outputSize: size, entropy: true }, { signal });
        return uncertaintyTile(found ?? null, size);
      }
      case "masks": {
        const judged = { kind: "masks", masksId: source.masksId } as const;
        const { ids, ...rest } = await this.#sampled([{ judged, side: "prediction" }], request, signal);
        const [found = null] = ids;
        const shown = found === null ? null : { ...size, ids: found, confidence: null, entropy: null };
        return { ...predictionTile(shown, size), ...rest };
      }
      case "comparison": {
        const { judged } = source;
        const sides: ComparedSide[] = [
          { judged, side: "truth" },
          { judged, side: "prediction" },
        ];
        const { ids, ...rest } = await this.#sampled(sides, request, signal);
        const [truth = null, prediction = null] = ids;
        return { ...comparisonTile(truth, prediction, project.snapshot().classes, size), ...rest };
      }
      case "disagreement": {
        const [one, other] = [source.runId, source.otherRunId].map(
          (runId) => ({ kind: "run", runId, borderTolerancePixels: 0, within: null }) as const,
        ) as [Judged, Judged];
        const sides: ComparedSide[] = [
          { judged: one, side: "truth" },
          { judged: one, side: "prediction" },
          { judged: other, side: "prediction" },
        ];
        const { ids, ...rest } = await this.#sampled(sides, request, signal);
        const [truth = null, first = null, second = null] = ids;
        const { classes } = project.snapshot();
        return { ...disagreementTile(truth, first, second, { classes, size }), ...rest };
      }
    }
  }

  /** Ids of the same pixels of several sources; null for each where one of them isn't there. Of much ground, those of a look at all of it that goes on meanwhile. */
  async #sampled(
    sides: readonly ComparedSide[],
    request: TileRequest,
    signal: AbortSignal,
  ): Promise<{ readonly ids: (Uint8Array<ArrayBuffer> | null)[]; readonly unfinished?: true }> {
    const { projectId, mosaicId, pixelWindow } = request;
    const project = this.#projects.get(projectId);
    const { image } = project.mosaic(mosaicId);
    const coarse = isCoarse(pixelWindow);
    // Before the sources, so that what changes meanwhile is at worst read again, and never kept as what it was.
    const versions = await Promise.all(
      coarse ? sides.map(({ judged }) => this.#comparisons.comparedVersion(project, mosaicId, judged)) : [],
    );
    const sources: IdSource[] = [];
    for (const { judged, side } of sides) {
      const found = await this.#comparisons.compared(project, mosaicId, judged, coarse ? {} : { signal });
      if (found === null) {
        return { ids: sides.map(() => null) };
      }
      sources.push(found[side]);
    }
    if (coarse) {
      const { ids, unfinished } = await this.#coarse.tile(
        {
          ...{ key: JSON.stringify([projectId, mosaicId, sides]), version: versions.join() },
          ...{ sources, raster: image, pixelWindow, size: request.size },
        },
        { signal },
      );
      return unfinished ? { ids, unfinished } : { ids };
    }
    const read = async (): Promise<{ readonly ids: Uint8Array<ArrayBuffer>[] }> => ({
      ids: await Promise.all(sources.map((source) => sampledIds(source, image, request, { signal }))),
    });
    return pixelWindow.width * pixelWindow.height > MANY_PIXELS
      ? this.#costlyQueue.run(read, signal)
      : read();
  }

  #imagery(
    image: Raster,
    request: TileRequest,
    display: ImageryDisplay | undefined,
    signal: AbortSignal,
  ): Promise<Tile> {
    const make = (): Promise<Tile> => imageryTile(image, request, display, { signal });
    return isCostly(image, request.pixelWindow, request.size) ? this.#costlyQueue.run(make, signal) : make();
  }
}

function predictionTile(found: ClassWindow | null, { width, height }: PixelSize): Tile {
  if (found === null) {
    return { layout: "classes", width, height, data: new Uint8Array(width * height).fill(UNLABELLED_ID) };
  }
  const { ids, confidence } = found;
  return confidence === null
    ? { layout: "classes", width, height, data: Uint8Array.from(ids) }
    : { layout: "classes-confidence", width, height, data: interleaved(ids, confidence) };
}

/** Entropies where there are any, else what the winner's probability leaves. */
function uncertaintyTile(found: ClassWindow | null, { width, height }: PixelSize): Tile {
  const ids = found?.ids ?? new Uint8Array(width * height).fill(UNLABELLED_ID);
  const values =
    found?.entropy ??
    found?.confidence?.map((confidence) => 255 - confidence) ??
    new Uint8Array(ids.length).fill(255);
  return { layout: "classes-uncertainty", width, height, data: interleaved(ids, values) };
}

function interleaved(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(first.length * 2);
  for (let pixel = 0; pixel < first.length; pixel++) {
    data[pixel * 2] = first[pixel] ?? UNLABELLED_ID;
    data[pixel * 2 + 1] = second[pixel] ?? 0;
  }
  return data;
}

/** 0 where there is imagery without a label. */
async function unlabelledTile(
  labels: Uint8Array,
  image: Raster,
  { pixelWindow, size }: TileRequest,
  signal: AbortSignal,
): Promise<Tile> {
  const { nodata, alphaBand, hasMaskBand, width, height } = image.description;
  const isInside =
    pixelWindow.x >= 0 &&
    pixelWindow.y >= 0 &&
    pixelWindow.x + pixelWindow.width <= width &&
    pixelWindow.y + pixelWindow.height <= height;
  const isWhole = isInside && nodata === null && alphaBand === null && !hasMaskBand;
  const valid =
    isWhole || !labels.includes(UNLABELLED_ID)
      ? null
      : (
          await image.readWindow(
            { pixelWindow, outputSize: size, bands: [0], resampling: "nearest" },
            { signal },
          )
        ).valid;
  const data = labels.map((id, pixel) => (id === UNLABELLED_ID && valid?.[pixel] !== 0 ? 0 : UNLABELLED_ID));
  return { layout: "classes", width: size.width, height: size.height, data: Uint8Array.from(data) };
}

/** Who is right where two predictions differ; see the contract for the values. */
function disagreementTile(
  truth: Uint8Array | null,
  first: Uint8Array | null,
  other: Uint8Array | null,
  { classes, size: { width, height } }: { readonly classes: readonly LandClass[]; readonly size: PixelSize },
): Tile {
  const counts = countsOf(classes);
  const data = new Uint8Array(width * height).fill(UNLABELLED_ID);
  const isWhole = truth !== null && first !== null && other !== null;
  for (let pixel = 0; isWhole && pixel < data.length; pixel++) {
    const [trueId, firstId, otherId] = [truth[pixel]!, first[pixel]!, other[pixel]!];
    if (firstId !== otherId && counts[trueId] === 1 && counts[firstId] === 1 && counts[otherId] === 1) {
      data[pixel] = firstId === trueId ? 0 : otherId === trueId ? 1 : 2;
    }
  }
  return { layout: "classes", width, height, data };
}

/** 1 at the ids of classes that count. */
function countsOf(classes: readonly LandClass[]): Uint8Array {
  const counts = new Uint8Array(256);
  for (const { id } of countedClasses(classes)) {
    counts[id] = 1;
  }
  return counts;
}

/** Truth and prediction side by side where both are a class that counts. */
function comparisonTile(
  truth: Uint8Array | null,
  prediction: Uint8Array | null,
  classes: readonly LandClass[],
  { width, height }: PixelSize,
): Tile {
  const counts = countsOf(classes);
  const data = new Uint8Array(width * height * 2).fill(UNLABELLED_ID);
  for (let pixel = 0; truth !== null && prediction !== null && pixel < truth.length; pixel++) {
    const [trueId, predictedId] = [truth[pixel]!, prediction[pixel]!];
    if (counts[trueId] === 1 && counts[predictedId] === 1) {
      data[pixel * 2] = trueId;
      data[pixel * 2 + 1] = predictedId;
    }
  }
  return { layout: "truth-prediction", width, height, data };
}
