import type { RunEvent } from "#shared/training/run.ts";

/** How many events may wait for a slow watcher besides steps, of which only the latest waits. */
const WAITING_EVENTS = 1000;

/** Tells every watcher of a run what happens in it; remembers the latest previews for those who come later. */
export class RunEvents {
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #previews = new Map<string, RunEvent>();

  emit(runId: string, event: RunEvent): void {
    if (event.kind === "previews") {
      this.#previews.set(runId, event);
    }
    for (const watcher of this.#watchers.get(runId) ?? []) {
      watcher.push(event);
    }
  }

  /** What happens from now on, the latest previews first, until `signal` aborts. */
  async *watch(
    runId: string,
    first: RunEvent,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<RunEvent> {
    const watcher = new Watcher();
    const watchers = this.#watchers.get(runId) ?? new Set();
    this.#watchers.set(runId, watchers.add(watcher));
    const stop = (): void => {
      watcher.wake();
    };
    signal.addEventListener("abort", stop);
    try {
      yield first;
      const previews = this.#previews.get(runId);
      if (previews !== undefined) {
        yield previews;
      }
      while (!signal.aborted) {
        const event = watcher.shift();
        if (event === undefined) {
          await watcher.waiting();
        } else {
          yield event;
        }
      }
    } finally {
      signal.removeEventListener("abort", stop);
      watchers.delete(watcher);
      if (watchers.size === 0) {
        this.#watchers.delete(runId);
      }
    }
  }
}

class Watcher {
  readonly #queue: RunEvent[] = [];
  #wake: () => void = () => undefined;

  push(event: RunEvent): void {
    const last = this.#queue.at(-1);
    // A step that nobody has seen is overtaken by the next, and so is a state of the run.
    if (last !== undefined && last.kind === event.kind && (event.kind === "step" || event.kind === "run")) {
      this.#queue.pop();
    } else if (this.#queue.length >= WAITING_EVENTS) {
      this.#queue.shift();
    }
    this.#queue.push(event);
    this.wake();
  }

  shift(): RunEvent | undefined {
    return this.#queue.shift();
  }

  wake(): void {
    this.#wake();
  }

  waiting(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
