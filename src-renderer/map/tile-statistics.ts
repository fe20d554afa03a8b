/** Counts what became of tiles, for the map's `data-` attributes and for measuring. */
export class TileStatistics {
  requested = 0;
  loaded = 0;
  aborted = 0;
  failed = 0;
  /** Tiles asked for and not answered yet. */
  pending = 0;
  /** Milliseconds from asking to having, the latest few hundred. */
  readonly latencies: number[] = [];

  /** Notes one answered tile. */
  answered(milliseconds: number): void {
    this.loaded += 1;
    this.latencies.push(milliseconds);
    if (this.latencies.length > 500) {
      this.latencies.shift();
    }
  }

  /** The latency that a share (0–1) of tiles stays below, in whole milliseconds; 0 without any. */
  latency(share: number): number {
    const sorted = [...this.latencies].sort((first, second) => first - second);
    return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  }
}
