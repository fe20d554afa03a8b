import { setTimeout } from "node:timers/promises";
import { RpcError } from "#shared/rpc/errors.ts";

/** Tiles asked for after such a pause belong to another view. */
const NEW_VIEW_MILLISECONDS = 1000;

interface Waiting {
  readonly start: () => void;
  readonly signal: AbortSignal;
}

/**
 * Lets a few tiles be made at a time, the one asked for last first: it is the one in view, while those asked for before may have left
 * it. A tile whose signal aborts while it waits is never begun.
 */
export class TileQueue {
  readonly #atOnce: number;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #lastEnd = -Infinity;
  readonly #breath: number;

  /**
   * `breathMilliseconds` is how long the next tile waits after the first one of a view: the page, which shares the processor, is to
   * draw that one before the next takes all of it.
   */
  constructor(atOnce: number, { breathMilliseconds = 0 }: { readonly breathMilliseconds?: number } = {}) {
    this.#atOnce = atOnce;
    this.#breath = breathMilliseconds;
  }

  /** Tiles that wait for their turn. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Runs `work` in its turn; rejects with the signal's reason when it aborts before or meanwhile. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const isFirst = this.#running === 0 && performance.now() - this.#lastEnd > NEW_VIEW_MILLISECONDS;
    if (this.#running >= this.#atOnce) {
      await this.#turn(signal);
    } else {
      this.#running++;
    }
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      if (isFirst && this.#breath > 0) {
        globalThis.setTimeout(() => {
          this.#release();
        }, this.#breath);
      } else {
        this.#release();
      }
    }
  }

  #release(): void {
    this.#running--;
    this.#startNext();
    this.#lastEnd = performance.now();
  }

  /** Resolves when nothing has run or waited for so many milliseconds, or when the signal aborts; never rejects. */
  async quiet(milliseconds: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const rest = this.#running > 0 ? milliseconds : this.#lastEnd + milliseconds - performance.now();
      if (rest <= 0) {
        return;
      }
      await setTimeout(rest, undefined, { signal }).catch(() => undefined);
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(
          signal.reason instanceof Error
            ? signal.reason
            : new RpcError("cancelled", "The tile left the view."),
        );
      };
      const waiting: Waiting = {
        signal,
        start: () => {
          signal.removeEventListener("abort", leave);
          this.#running++;
          resolve();
        },
      };
      this.#waiting.push(waiting);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #startNext(): void {
    if (this.#running < this.#atOnce) {
      this.#waiting.pop()?.start();
    }
  }
}
