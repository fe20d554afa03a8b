import type { Job } from "#shared/jobs/job.ts";
import type { HostAccess } from "./host-access.ts";
import { watchStream } from "./watch-stream.ts";

/** Whether a job still has something to do. */
export function isActive(job: Job): boolean {
  return job.state.kind === "queued" || job.state.kind === "running";
}

/** All jobs of the host's session, newest first. */
export class JobList {
  readonly #host: HostAccess;
  #jobs: readonly Job[] = $state.raw([]);
  readonly #finishListeners = new Set<(job: Job) => void>();
  /** Jobs seen at work; only their end is news. */
  readonly #seenActive = new Set<string>();
  /** Jobs that somebody asked to end; their end is no surprise. */
  readonly #stopped = new Set<string>();

  constructor(host: HostAccess, signal: AbortSignal) {
    this.#host = host;
    void watchStream(
      host.link,
      (inner) => host.client.jobs.watch(undefined, { signal: inner }),
      (jobs) => {
        this.#take(jobs);
      },
      { signal },
    );
  }

  get all(): readonly Job[] {
    return this.#jobs;
  }

  get active(): readonly Job[] {
    return this.#jobs.filter(isActive);
  }

  /** Mean progress of what is running, 0–1; null when none of it knows its amount, or nothing runs. */
  get progress(): number | null {
    const shares = this.active.flatMap(({ state }) =>
      state.kind === "running" && state.progress !== null ? [state.progress] : [],
    );
    return shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length;
  }

  find(jobId: string): Job | null {
    return this.#jobs.find(({ id }) => id === jobId) ?? null;
  }

  /** Hears of each job that ends while the page is open; returns how to stop. */
  onFinish(listener: (job: Job) => void): () => void {
    this.#finishListeners.add(listener);
    return () => {
      this.#finishListeners.delete(listener);
    };
  }

  wasStopped(jobId: string): boolean {
    return this.#stopped.has(jobId);
  }

  async cancel(jobId: string): Promise<void> {
    this.#stopped.add(jobId);
    await this.#host.client.jobs.cancel({ jobId });
  }

  async pause(jobId: string): Promise<void> {
    await this.#host.client.jobs.pause({ jobId });
  }

  async resume(jobId: string): Promise<void> {
    await this.#host.client.jobs.resume({ jobId });
  }

  async dismiss(jobId: string): Promise<void> {
    await this.#host.client.jobs.dismiss({ jobId });
  }

  async dismissFinished(): Promise<void> {
    await Promise.all(this.#jobs.filter((job) => !isActive(job)).map(({ id }) => this.dismiss(id)));
  }

  #take(jobs: readonly Job[]): void {
    this.#jobs = jobs;
    for (const job of jobs) {
      if (isActive(job)) {
        this.#seenActive.add(job.id);
      } else if (this.#seenActive.delete(job.id)) {
        for (const listener of this.#finishListeners) {
          listener(job);
        }
      }
    }
  }
}
