import type { RunEvent } from "#shared/training/run.ts";
import { EventQueue } from "../event-queue.ts";

/** Tells every watcher of a run what happens in it; remembers the latest previews for those who come later. */
export class RunEvents {
  readonly #watchers = new Map<string, Set<EventQueue<RunEvent>>>();
  readonly #previews = new Map<string, RunEvent>();

  emit(runId: string, event: RunEvent): void {
    if (event.kind === "previews") {
      this.#previews.set(runId, event);
    }
    for (const watcher of this.#watchers.get(runId) ?? []) {
      watcher.push(event);
    }
  }

  /** `first`, the latest previews, then what happens from now on, until `signal` aborts. */
  async *watch(
    runId: string,
    first: RunEvent,
    options: { readonly signal: AbortSignal },
  ): AsyncGenerator<RunEvent> {
    // A step that nobody has seen is overtaken by the next, and so is a state of the run.
    const watcher = new EventQueue<RunEvent>((last, next) =>
      last.kind === next.kind && (next.kind === "step" || next.kind === "run") ? next : null,
    );
    const watchers = this.#watchers.get(runId) ?? new Set();
    this.#watchers.set(runId, watchers.add(watcher));
    try {
      yield first;
      const previews = this.#previews.get(runId);
      if (previews !== undefined) {
        yield previews;
      }
      yield* watcher.items(options);
    } finally {
      watchers.delete(watcher);
      if (watchers.size === 0) {
        this.#watchers.delete(runId);
      }
    }
  }
}
