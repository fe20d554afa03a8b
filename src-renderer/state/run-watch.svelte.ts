import type { PreviewTile, Run, RunEvent } from "#shared/training/run.ts";
import type { HostAccess } from "./host-access.ts";
import { watchStream } from "./watch-stream.ts";

export type StepEvent = Extract<RunEvent, { kind: "step" }>;

/** Validation tiles as the network saw them after an epoch. */
export interface Previews {
  readonly epoch: number;
  readonly tiles: readonly PreviewTile[];
}

/** Follows one run as it goes: its steps, epochs and validation tiles. */
export class RunWatch {
  readonly #host: HostAccess;
  readonly #projectId: string;
  #followed: { readonly runId: string; readonly ended: AbortController } | null = null;
  #run: Run | null = $state.raw(null);
  #step: StepEvent | null = $state.raw(null);
  #trainingStep: StepEvent | null = $state.raw(null);
  #previews: Previews | null = $state.raw(null);

  constructor(host: HostAccess, projectId: string) {
    this.#host = host;
    this.#projectId = projectId;
  }

  /** The run as its own stream tells it; null until the first news. */
  get run(): Run | null {
    return this.#run;
  }

  /** The latest step; null when nothing was heard of one. */
  get step(): StepEvent | null {
    return this.#step;
  }

  /** The latest step that the network learned from: other phases have no loss of their own. */
  get trainingStep(): StepEvent | null {
    return this.#trainingStep;
  }

  get previews(): Previews | null {
    return this.#previews;
  }

  /** Follows this run from now on; nothing changes when it is followed already. */
  follow(runId: string): void {
    if (this.#followed?.runId === runId) {
      return;
    }
    this.close();
    this.#run = null;
    this.#step = null;
    this.#trainingStep = null;
    this.#previews = null;
    const ended = new AbortController();
    this.#followed = { runId, ended };
    void watchStream(
      this.#host.link,
      (signal) => this.#host.client.training.watch({ projectId: this.#projectId, runId }, { signal }),
      (event) => {
        this.#take(event);
      },
      { signal: ended.signal },
    );
  }

  close(): void {
    this.#followed?.ended.abort();
    this.#followed = null;
  }

  #take(event: RunEvent): void {
    switch (event.kind) {
      case "run":
        this.#run = event.run;
        if (event.run.state.kind !== "running") {
          this.#step = null;
          this.#trainingStep = null;
        }
        return;
      case "step":
        this.#step = event;
        if (event.phase === "training") {
          this.#trainingStep = event;
        }
        return;
      case "epoch":
        if (this.#run !== null && !this.#run.history.some(({ epoch }) => epoch === event.record.epoch)) {
          this.#run = { ...this.#run, history: [...this.#run.history, event.record] };
        }
        return;
      case "previews":
        this.#previews = { epoch: event.epoch, tiles: event.tiles };
        return;
    }
  }
}
