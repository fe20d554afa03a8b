import type { LiveEvent } from "#shared/contract.ts";
import { isCancelled, sentenceOf, type HostAccess } from "./host-access.ts";
import type { Layers } from "./layers.svelte.ts";
import type { ViewedWindow } from "./map-view.svelte.ts";

/** How it stands: what the host says, or why it doesn't go on. */
export type LiveStatus = LiveEvent["status"] | { readonly kind: "failed"; readonly reason: string };

/** A run that predicts what is in view as one pans and zooms. */
export class LivePrediction {
  readonly #host: HostAccess;
  readonly #projectId: string;
  readonly #layers: Layers;
  #status: LiveStatus | null = $state.raw(null);

  constructor(host: HostAccess, projectId: string, layers: Layers) {
    this.#host = host;
    this.#projectId = projectId;
    this.#layers = layers;
  }

  /** The run that predicts; null while it is off. */
  get runId(): string | null {
    return this.#layers.liveRunId;
  }

  /** Null while it is off, or has not been asked for anything. */
  get status(): LiveStatus | null {
    return this.#status;
  }

  /** Has a run predict from now on; null for none. */
  choose(runId: string | null): void {
    this.#status = null;
    this.#layers.liveRunId = runId;
    if (runId !== null) {
      this.#layers.masks = null;
    }
    if (runId !== null) {
      this.#layers.prediction.visible = true;
    }
  }

  /** Has what is in view predicted; the answer stops it, for another view to begin. */
  look(viewed: readonly ViewedWindow[]): () => void {
    const left = new AbortController();
    const { runId } = this;
    if (runId !== null) {
      void this.#follow(runId, viewed, left.signal);
    }
    return () => {
      left.abort();
    };
  }

  async #follow(runId: string, viewed: readonly ViewedWindow[], signal: AbortSignal): Promise<void> {
    try {
      const events = this.#host.client.predictions.live(
        { projectId: this.#projectId, runId, viewed: [...viewed] },
        { signal },
      );
      for await (const { status, made } of events) {
        if (signal.aborted) {
          return;
        }
        this.#status = status;
        if (made !== null) {
          this.#layers.redrawLive(made.mosaicId, made.pixelWindow);
        }
      }
    } catch (thrown) {
      if (!signal.aborted && !isCancelled(thrown)) {
        this.#status = { kind: "failed", reason: sentenceOf(thrown) };
      }
    }
  }
}
