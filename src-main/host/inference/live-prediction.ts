import type { LiveEvent } from "#shared/contract.ts";
import { windowIntersection, type PixelSize, type PixelWindow } from "#shared/geo/pixel-window.ts";
import type { Job } from "#shared/jobs/job.ts";
import type { ClassWindow, Raster } from "../../raster/index.ts";
import { createEnginePredictor, type Engine, type EnginePredictor } from "../engine/index.ts";
import { isUnfinished, type Jobs } from "../jobs/index.ts";
import type { Project } from "../projects/index.ts";
import { expectFinishedEpoch, type Runs, type StoredRun } from "../runs/index.ts";
import { blendChunk, type BlendedChunk, type TileProbabilities } from "./blend-chunk.ts";
import { RecentlyUsed, windowOfChunks } from "./live-chunks.ts";
import { predictTiles, validPixels } from "./predict-tiles.ts";
import { predictionGrid, type PredictionChunk, type PredictionGrid } from "./prediction-grid.ts";

/** Overlap of tiles: that of a whole prediction unless told otherwise. */
const OVERLAP = 0.25;
/** Chunks of a view that are predicted; of a wider one those in its middle. */
const MOST_CHUNKS_IN_VIEW = 96;
/** 96 MB of finished chunks: a view, and some of where it came from. */
const CHUNKS_KEPT = 128;
/** Bytes of tile results kept for neighbouring chunks. */
const KEPT_TILE_BYTES = 64 * 2 ** 20;
/** Fewer tiles than a whole prediction takes at once, so that a job that wants the engine soon has it. */
const BATCH_PIXELS = 4 * 256 * 256;
/** How long the network stays in the engine after the last view. */
const IDLE_MILLISECONDS = 60_000;

/** A part of a mosaic in view. */
interface Viewed {
  readonly mosaicId: string;
  readonly pixelWindow: PixelWindow;
}

/** A chunk to be predicted, with what its mosaic's chunks have in common. */
interface WantedChunk {
  readonly mosaicId: string;
  readonly grid: PredictionGrid;
  readonly chunk: PredictionChunk;
  readonly key: string;
}

interface LoadedNetwork {
  readonly key: string;
  readonly predictor: EnginePredictor;
  /** Of tiles, by mosaic and number. */
  readonly tiles: RecentlyUsed<TileProbabilities>;
}

/**
 * Predicts what is in view, and keeps it in memory only.
 *
 * Tiles and their blending are those of a whole prediction, so that chunks come out the same. A training or a prediction that runs takes the engine: live
 * prediction stops after the batch in flight, gives its memory back and goes on after them.
 */
export class LivePredictions {
  readonly #engine: Engine;
  readonly #jobs: Jobs;
  readonly #runs: Runs;
  readonly #chunks = new RecentlyUsed<BlendedChunk>(CHUNKS_KEPT);
  #loaded: LoadedNetwork | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #watchers = 0;
  #idle: NodeJS.Timeout | null = null;
  readonly #stopListening: () => void;

  constructor(given: { readonly engine: Engine; readonly jobs: Jobs; readonly runs: Runs }) {
    this.#engine = given.engine;
    this.#jobs = given.jobs;
    this.#runs = given.runs;
    // Also while nobody watches: a job that begins must find the engine's memory free.
    this.#stopListening = given.jobs.onChange(() => {
      if (this.#jobAtWork() !== null) {
        void this.#inTurn(() => this.#giveWay()).catch(() => undefined);
      }
    });
  }

  /** Predicts what is in view, the middle first, and says how it goes; ends when all of it is there. See the contract's `predictions.live`. */
  async *watch(
    project: Project,
    { runId, viewed }: { readonly runId: string; readonly viewed: readonly Viewed[] },
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<LiveEvent, void, undefined> {
    const stored = await this.#runs.get(project.id, runId);
    const network = networkKey(project.id, stored);
    const { wanted, leftOut } = wantedChunks(project, network, stored, viewed);
    let missing = wanted.filter(({ key }) => !this.#chunks.has(key));
    this.#enter();
    try {
      if (missing.length > 0 && this.#loaded?.key !== network) {
        yield { status: { kind: "loading" }, made: null };
      }
      for (let next = missing[0]; next !== undefined && !signal.aborted; next = missing[0]) {
        const job = this.#jobAtWork();
        if (job !== null) {
          yield { status: { kind: "waiting", jobTitle: job.title, parts: missing.length }, made: null };
          await this.#inTurn(() => this.#unload());
          await this.#untilJobsChange(signal);
          continue;
        }
        yield { status: { kind: "predicting", parts: missing.length }, made: null };
        const current = next;
        const isMade = await this.#inTurn(() => this.#make(project, stored, network, current, signal));
        if (isMade) {
          missing = missing.filter(({ key }) => !this.#chunks.has(key));
          const { mosaicId, chunk } = current;
          yield {
            status:
              missing.length > 0
                ? { kind: "predicting", parts: missing.length }
                : { kind: "up-to-date", leftOut },
            made: { mosaicId, pixelWindow: chunk.pixelWindow },
          };
        }
      }
      if (!signal.aborted) {
        yield { status: { kind: "up-to-date", leftOut }, made: null };
      }
    } finally {
      this.#leave();
    }
  }

  /** What there is of a window; 255 where nothing has been predicted. */
  async read(
    project: Project,
    mosaicId: string,
    runId: string,
    request: { readonly pixelWindow: PixelWindow; readonly outputSize: PixelSize },
  ): Promise<ClassWindow> {
    const network = networkKey(project.id, await this.#runs.get(project.id, runId));
    return windowOfChunks(
      request,
      (column, row) => this.#chunks.get(chunkKey(network, mosaicId, column, row)) ?? null,
    );
  }

  /** Gives the network's memory back. */
  async close(): Promise<void> {
    this.#stopListening();
    if (this.#idle !== null) {
      clearTimeout(this.#idle);
    }
    await this.#inTurn(() => this.#unload());
    this.#chunks.clear();
  }

  /** Predicts a chunk unless it is there by now; false when a job wants the engine first. */
  async #make(
    project: Project,
    stored: StoredRun,
    network: string,
    { mosaicId, grid, chunk, key }: WantedChunk,
    signal: AbortSignal,
  ): Promise<boolean> {
    signal.throwIfAborted();
    if (this.#chunks.has(key)) {
      return true;
    }
    if (this.#jobAtWork() !== null) {
      return false;
    }
    try {
      const raster = await project.image(mosaicId);
      const loaded = await this.#load(stored, network);
      const tiles = await this.#tilesOf(loaded, raster, { mosaicId, grid, chunk }, signal);
      if (tiles === null) {
        return false;
      }
      const { input, idOfChannel } = loaded.predictor;
      const valid = await validPixels(raster, chunk.pixelWindow, input.bands, signal);
      this.#chunks.set(key, blendChunk(chunk.pixelWindow, tiles, idOfChannel, valid));
      return true;
    } catch (error) {
      if (!signal.aborted) {
        // The engine may have died: the next view loads the network anew.
        await this.#unload();
      }
      throw error;
    }
  }

  /** The results of a chunk's tiles, predicted where they aren't kept; null when a job wants the engine before all are there. */
  async #tilesOf(
    { predictor, tiles }: LoadedNetwork,
    raster: Raster,
    { mosaicId, grid, chunk }: Pick<WantedChunk, "mosaicId" | "grid" | "chunk">,
    signal: AbortSignal,
  ): Promise<TileProbabilities[] | null> {
    const { inputPixels, idOfChannel, batch } = predictor;
    const found = new Map<number, TileProbabilities>();
    const missing: number[] = [];
    for (const tileIndex of chunk.tileIndices) {
      const kept = tiles.get(`${mosaicId}/${tileIndex}`);
      if (kept === undefined) {
        missing.push(tileIndex);
      } else {
        found.set(tileIndex, kept);
      }
    }
    const length = inputPixels ** 2 * idOfChannel.length;
    for (let first = 0; first < missing.length; first += batch) {
      signal.throwIfAborted();
      if (this.#jobAtWork() !== null) {
        return null;
      }
      const indices = missing.slice(first, first + batch);
      const windows = indices.map((tileIndex) => grid.tiles[tileIndex] as PixelWindow);
      const probabilities = await predictTiles(raster, predictor, windows, { signal });
      for (const [slot, tileIndex] of indices.entries()) {
        const result = {
          pixelWindow: windows[slot] as PixelWindow,
          inputPixels,
          probabilities: probabilities.slice(slot * length, (slot + 1) * length),
        };
        found.set(tileIndex, result);
        tiles.set(`${mosaicId}/${tileIndex}`, result);
      }
    }
    // In the grid's own order, in which a whole prediction adds them up too.
    return chunk.tileIndices.map((tileIndex) => found.get(tileIndex) as TileProbabilities);
  }

  async #load(stored: StoredRun, network: string): Promise<LoadedNetwork> {
    if (this.#loaded?.key === network) {
      return this.#loaded;
    }
    await this.#unload();
    const side = stored.run.settings.inputPixels ?? stored.run.settings.tilePixels;
    const predictor = await createEnginePredictor(this.#engine, stored, {
      batch: Math.max(1, Math.round(BATCH_PIXELS / side ** 2)),
    });
    const tileBytes = predictor.inputPixels ** 2 * predictor.idOfChannel.length * 4;
    this.#loaded = {
      key: network,
      predictor,
      tiles: new RecentlyUsed(Math.floor(KEPT_TILE_BYTES / tileBytes)),
    };
    return this.#loaded;
  }

  async #unload(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = null;
    await loaded?.predictor.close();
  }

  async #giveWay(): Promise<void> {
    if (this.#jobAtWork() !== null) {
      await this.#unload();
    }
  }

  /** The job that has, or is about to have, the engine. */
  #jobAtWork(): Job | null {
    return (
      this.#jobs
        .list()
        .find(
          ({ kind, state }) =>
            (kind === "training" || kind === "prediction") &&
            isUnfinished(state) &&
            !(state.kind === "running" && state.paused),
        ) ?? null
    );
  }

  #untilJobsChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        stop();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const stop = this.#jobs.onChange(done);
      signal.addEventListener("abort", done);
      if (signal.aborted || this.#jobAtWork() === null) {
        done();
      }
    });
  }

  #enter(): void {
    this.#watchers += 1;
    if (this.#idle !== null) {
      clearTimeout(this.#idle);
      this.#idle = null;
    }
  }

  #leave(): void {
    this.#watchers -= 1;
    if (this.#watchers === 0) {
      this.#idle = setTimeout(() => {
        void this.#inTurn(() => this.#unload());
      }, IDLE_MILLISECONDS);
      this.#idle.unref();
    }
  }

  /** One chunk at a time, whoever looks. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** Another epoch's weights are another network. */
function networkKey(projectId: string, { run }: StoredRun): string {
  return `${projectId}/${run.id}/${run.best?.epoch ?? "none"}`;
}

function chunkKey(network: string, mosaicId: string, column: number, row: number): string {
  return `${network}/${mosaicId}/${column},${row}`;
}

/** The chunks in view, those in the middle of each mosaic's part first, and how many there were too many. */
function wantedChunks(
  project: Project,
  network: string,
  { run }: StoredRun,
  viewed: readonly Viewed[],
): { readonly wanted: WantedChunk[]; readonly leftOut: number } {
  expectFinishedEpoch(run);
  const { tilePixels } = run.settings;
  const inputPixels = run.settings.inputPixels ?? tilePixels;
  const all = viewed.flatMap(({ mosaicId, pixelWindow }): WantedChunk[] => {
    const grid = predictionGrid(project.mosaic(mosaicId).image, {
      tilePixels,
      inputPixels,
      overlap: OVERLAP,
    });
    const [x, y] = middleOf(pixelWindow);
    const distance = ({ pixelWindow: part }: PredictionChunk): number => {
      const [partX, partY] = middleOf(part);
      return Math.hypot(partX - x, partY - y);
    };
    return grid.chunks
      .filter((chunk) => windowIntersection(chunk.pixelWindow, pixelWindow) !== null)
      .toSorted((first, second) => distance(first) - distance(second))
      .map((chunk) => ({
        mosaicId,
        grid,
        chunk,
        key: chunkKey(network, mosaicId, chunk.column, chunk.row),
      }));
  });
  return {
    wanted: all.slice(0, MOST_CHUNKS_IN_VIEW),
    leftOut: Math.max(0, all.length - MOST_CHUNKS_IN_VIEW),
  };
}

function middleOf({ x, y, width, height }: PixelWindow): [number, number] {
  return [x + width / 2, y + height / 2];
}
