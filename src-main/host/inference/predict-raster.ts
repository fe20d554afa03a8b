import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { Raster } from "../../raster/index.ts";
import type { TilePredictor } from "../engine/index.ts";
import { aheadOf } from "../network-tiles/index.ts";
import { blendChunk, type BlendedChunk, type TileProbabilities } from "./blend-chunk.ts";
import { predictTiles, validPixels } from "./predict-tiles.ts";
import { predictionGrid, type PredictionChunk } from "./prediction-grid.ts";
import { predictionSchedule } from "./prediction-schedule.ts";

export interface PredictRasterOptions {
  readonly overlap: number;
  /** What to predict first, in the raster's pixels. */
  readonly viewed?: readonly PixelWindow[];
  /** Bytes of tile results kept for chunks still to come. */
  readonly heldBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_HELD_BYTES = 256 * 2 ** 20;
/** Batches under way at once: one is read and one predicted while chunks of a third are blended. */
const BATCHES_AHEAD = 2;

/**
 * Predicts a whole raster chunk by chunk: each finished chunk of 512×512 pixels goes to `onChunk`, the viewed ones first, and is the receiver's. Memory is bounded by
 * `heldBytes`, not by the raster. `done` and `total` count chunks.
 *
 * Chunks rather than bands of rows, so that what the user looks at can come first and a result is final when it is written.
 */
export async function predictRaster(
  raster: Raster,
  predictor: TilePredictor,
  options: PredictRasterOptions,
  onChunk: (
    chunk: BlendedChunk & Pick<PredictionChunk, "column" | "row">,
    done: number,
    total: number,
  ) => Promise<void>,
): Promise<void> {
  const { tilePixels, inputPixels, idOfChannel, batch, input } = predictor;
  const { signal } = options;
  const { description } = raster;
  const classes = idOfChannel.length;
  const grid = predictionGrid(description, { tilePixels, inputPixels, overlap: options.overlap });
  const tileSamples = inputPixels ** 2;
  const heldTiles = Math.floor((options.heldBytes ?? DEFAULT_HELD_BYTES) / (tileSamples * classes * 4));
  const steps = predictionSchedule(grid, { batch, heldTiles, viewed: options.viewed ?? [] });
  const batches = steps.flatMap((step) => (step.kind === "predict" ? [step.tileIndices] : []));

  const results = aheadOf(
    batches.length,
    BATCHES_AHEAD,
    (index, batchSignal) =>
      predictTiles(
        raster,
        predictor,
        (batches[index] ?? []).map((tileIndex) => grid.tiles[tileIndex] as PixelWindow),
        { signal: batchSignal },
      ),
    { signal },
  );
  const held = new Map<number, TileProbabilities>();
  let done = 0;
  try {
    for (const step of steps) {
      signal?.throwIfAborted();
      switch (step.kind) {
        case "predict": {
          const next = await results.next();
          if (next.done === true) {
            throw new Error("fewer batches were predicted than planned");
          }
          const probabilities = next.value;
          for (const [slot, tileIndex] of step.tileIndices.entries()) {
            const length = tileSamples * classes;
            held.set(tileIndex, {
              pixelWindow: grid.tiles[tileIndex] as PixelWindow,
              inputPixels,
              // A copy of its own, or one tile still needed would keep its whole batch.
              probabilities: probabilities.slice(slot * length, (slot + 1) * length),
            });
          }
          break;
        }
        case "finish": {
          const chunk = grid.chunks[step.chunkIndex] as PredictionChunk;
          const tiles = chunk.tileIndices.map((tileIndex) => held.get(tileIndex) as TileProbabilities);
          const valid = await validPixels(raster, chunk.pixelWindow, input.bands, signal);
          const blended = blendChunk(chunk.pixelWindow, tiles, idOfChannel, valid);
          done++;
          await onChunk({ ...blended, column: chunk.column, row: chunk.row }, done, grid.chunks.length);
          break;
        }
        case "release":
          step.tileIndices.forEach((tileIndex) => held.delete(tileIndex));
          break;
      }
    }
  } finally {
    await results.return(undefined);
  }
}
