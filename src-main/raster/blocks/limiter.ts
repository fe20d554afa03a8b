/** How a task waits its turn. */
export interface TurnOptions {
  readonly signal?: AbortSignal | undefined;
  /** Ahead of those that wait without: somebody needs the result now. */
  readonly urgent?: boolean;
}

/** Lets at most a number of tasks run at once; the others wait, urgent ones first, and leave the queue when aborted. */
export class Limiter {
  readonly #limit: number;
  readonly #urgent: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async run<Result>(task: () => Promise<Result>, options: TurnOptions = {}): Promise<Result> {
    await this.#acquire(options.urgent === true ? this.#urgent : this.#waiting, options.signal);
    try {
      return await task();
    } finally {
      this.#running -= 1;
      (this.#urgent.shift() ?? this.#waiting.shift())?.();
    }
  }

  async #acquire(queue: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#running < this.#limit) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const start = (): void => {
        signal?.removeEventListener("abort", leave);
        this.#running += 1;
        resolve();
      };
      const leave = (): void => {
        const place = queue.indexOf(start);
        if (place >= 0) {
          queue.splice(place, 1);
        }
        reject(abortReason(signal));
      };
      queue.push(start);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException("aborted", "AbortError");
}

/** Does numbered pieces of work, a few at once, in order; stops at the first failure, after those begun have ended. */
export async function eachInParallel(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < count && !failed) {
      const index = next;
      next += 1;
      try {
        await work(index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await settleAll(Array.from({ length: Math.min(atOnce, count) }, worker));
}

/** Waits for all, so that nothing runs on after a failure, then throws the first failure. */
export async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") {
      throw outcome.reason;
    }
  }
}
