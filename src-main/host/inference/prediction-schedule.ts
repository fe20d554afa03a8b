import { windowIntersection, type PixelWindow } from "#shared/geo/pixel-window.ts";
import type { PredictionGrid } from "./prediction-grid.ts";

/** One thing to do: run the network over a batch, or blend and write a chunk, or let go of tiles. */
export type PredictionStep =
  | { readonly kind: "predict"; readonly tileIndices: readonly number[] }
  | { readonly kind: "finish"; readonly chunkIndex: number }
  | { readonly kind: "release"; readonly tileIndices: readonly number[] };

/**
 * What to do in which order, so that the chunks in view come first, batches are full, and never more than `heldTiles` results are kept.
 *
 * A result is kept until the last chunk that needs it is written. Where that would be too many, the one needed last is let go and predicted
 * again when its turn comes; chunks go in strips narrow enough that this happens only between strips. `heldTiles` is raised to what one chunk and
 * one batch need.
 */
export function predictionSchedule(
  grid: PredictionGrid,
  options: { readonly batch: number; readonly heldTiles: number; readonly viewed: readonly PixelWindow[] },
): PredictionStep[] {
  const { batch } = options;
  const mostOfAChunk = Math.max(...grid.chunks.map(({ tileIndices }) => tileIndices.length));
  const limit = Math.max(options.heldTiles, mostOfAChunk + batch);
  const order = chunkOrder(grid, options.viewed, limit - batch);
  const needs = order.map((chunkIndex) => grid.chunks[chunkIndex]?.tileIndices ?? []);
  const uses = new Map<number, number[]>();
  for (const [position, tileIndices] of needs.entries()) {
    for (const tile of tileIndices) {
      uses.set(tile, [...(uses.get(tile) ?? []), position]);
    }
  }
  const nextUse = (tile: number, from: number): number =>
    uses.get(tile)?.find((position) => position >= from) ?? Infinity;

  const steps: PredictionStep[] = [];
  const held = new Set<number>();
  for (const [position, chunkIndex] of order.entries()) {
    const wanted = needs[position] ?? [];
    for (let missing = wanted.filter((tile) => !held.has(tile)); missing.length > 0;) {
      const chosen = missing.slice(0, batch);
      missing = missing.slice(batch);
      for (let ahead = position + 1; chosen.length < batch && ahead < order.length; ahead++) {
        for (const tile of needs[ahead] ?? []) {
          if (chosen.length < batch && !held.has(tile) && !chosen.includes(tile)) {
            chosen.push(tile);
          }
        }
      }
      const surplus = held.size + chosen.length - limit;
      if (surplus > 0) {
        const evicted = [...held]
          .filter((tile) => !wanted.includes(tile))
          .toSorted((first, second) => nextUse(second, position) - nextUse(first, position))
          .slice(0, surplus);
        evicted.forEach((tile) => held.delete(tile));
        steps.push({ kind: "release", tileIndices: evicted });
      }
      chosen.forEach((tile) => held.add(tile));
      steps.push({ kind: "predict", tileIndices: chosen });
    }
    steps.push({ kind: "finish", chunkIndex });
    const done = wanted.filter((tile) => nextUse(tile, position + 1) === Infinity);
    if (done.length > 0) {
      done.forEach((tile) => held.delete(tile));
      steps.push({ kind: "release", tileIndices: done });
    }
  }
  return steps;
}

/** Chunks in view first, in rows; then the others, strip by strip from the left, each in rows from the top. */
function chunkOrder(grid: PredictionGrid, viewed: readonly PixelWindow[], heldTiles: number): number[] {
  const stripColumns = stripWidth(grid, heldTiles);
  const isViewed = grid.chunks.map(({ pixelWindow }) =>
    viewed.some((window) => windowIntersection(window, pixelWindow) !== null),
  );
  return grid.chunks
    .map((chunk, index) => ({ chunk, index, isLater: isViewed[index] === true ? 0 : 1 }))
    .toSorted(
      (first, second) =>
        first.isLater - second.isLater ||
        Math.floor(first.chunk.column / stripColumns) - Math.floor(second.chunk.column / stripColumns) ||
        first.chunk.row - second.chunk.row ||
        first.chunk.column - second.chunk.column,
    )
    .map(({ index }) => index);
}

/** The most chunk columns of which two rows' tiles may be kept. */
function stripWidth(grid: PredictionGrid, heldTiles: number): number {
  for (let columns = grid.chunkColumns; columns > 1; columns--) {
    const tiles = new Set<number>();
    for (const { column, row, tileIndices } of grid.chunks) {
      if (column < columns && row < 2) {
        tileIndices.forEach((tile) => tiles.add(tile));
      }
    }
    if (tiles.size <= heldTiles) {
      return columns;
    }
  }
  return 1;
}
