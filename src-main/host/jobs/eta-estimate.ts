/** How much of the old rate a second of progress leaves: the estimate follows changes within some ten seconds. */
const KEPT_PER_SECOND = 0.9;
/** Before this much work time there is no telling. */
const SECONDS_BEFORE_ESTIMATE = 1;

/** Estimates the time left from how fast progress has been growing, smoothed exponentially over time. */
export class EtaEstimate {
  readonly #now: () => number;
  #last: { readonly at: number; readonly progress: number } | null = null;
  #rate: number | null = null;
  #observedSeconds = 0;

  /** `now` in milliseconds; given by tests. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Seconds left after `progress` (0–1, null if unknown) was reached; null when nothing can be said. */
  after(progress: number | null, paused: boolean): number | null {
    if (progress === null || paused) {
      this.restart();
      return null;
    }
    const at = this.#now();
    const last = this.#last;
    if (last === null || progress < last.progress) {
      this.#last = { at, progress };
      return null;
    }
    const seconds = (at - last.at) / 1000;
    if (seconds > 0 && progress > last.progress) {
      const rate = (progress - last.progress) / seconds;
      const kept = this.#rate === null ? 0 : KEPT_PER_SECOND ** seconds;
      // While little has been seen, all of it counts alike: the first interval is often the slowest.
      const weight = Math.max(1 - kept, seconds / (this.#observedSeconds + seconds));
      this.#rate = this.#rate === null ? rate : this.#rate + (rate - this.#rate) * weight;
      this.#observedSeconds += seconds;
      this.#last = { at, progress };
    }
    if (this.#rate === null || this.#observedSeconds < SECONDS_BEFORE_ESTIMATE) {
      return null;
    }
    return (1 - progress) / this.#rate;
  }

  /** Forgets the last moment, not the rate: time spent paused is no work. */
  restart(): void {
    this.#last = null;
  }
}
