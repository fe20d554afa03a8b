/** Events that wait for one slow reader, in order; those that later ones make pointless are dropped. */
export class EventQueue<T> {
  readonly #waiting: T[] = [];
  readonly #merge: (last: T, next: T) => T | null;
  #wake: () => void = () => undefined;

  /** `merge` makes one event of the last that waits and the next, or answers null to keep both. */
  constructor(merge: (last: T, next: T) => T | null = () => null) {
    this.#merge = merge;
  }

  push(event: T): void {
    const last = this.#waiting.at(-1);
    const merged = last === undefined ? null : this.#merge(last, event);
    if (merged !== null) {
      this.#waiting.pop();
    }
    this.#waiting.push(merged ?? event);
    this.#wake();
  }

  /** Events as they come, until `signal` aborts. */
  async *items({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<T> {
    const stop = (): void => {
      this.#wake();
    };
    signal.addEventListener("abort", stop);
    try {
      while (!signal.aborted) {
        const event = this.#waiting.shift();
        if (event !== undefined) {
          yield event;
          continue;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
