import type { TileFailure } from "../state/map-view.svelte.ts";

/** Failures within this time are told together: a mosaic that can't be read fails with many tiles at once. */
const GATHER_MILLISECONDS = 400;

/** Collects failures of tiles, so that each mosaic's layer is told once and many together. */
export class TileFailures {
  readonly #report: (failures: readonly TileFailure[]) => void;
  readonly #known = new Set<string>();
  #gathered: TileFailure[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(report: (failures: readonly TileFailure[]) => void) {
    this.#report = report;
  }

  add(failure: TileFailure): void {
    const key = `${failure.mosaicId}\n${failure.kind}`;
    if (this.#known.has(key)) {
      return;
    }
    this.#known.add(key);
    this.#gathered.push(failure);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#report(this.#gathered);
      this.#gathered = [];
    }, GATHER_MILLISECONDS);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}
