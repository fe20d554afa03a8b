import { randomUUID } from "node:crypto";
import type { Job, JobState } from "#shared/jobs/job.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { toHostError } from "../host-error.ts";
import { ChangeSignal } from "../change-signal.ts";
import { EtaEstimate } from "./eta-estimate.ts";
import { HostClosing } from "./host-closing.ts";
import type { JobContext, JobProgress, JobSpec, JobWork } from "./job-context.ts";
import { Lanes } from "./lanes.ts";

export { EtaEstimate } from "./eta-estimate.ts";
export { HostClosing } from "./host-closing.ts";
export type { JobContext, JobProgress, JobSpec, JobWork } from "./job-context.ts";

interface Entry {
  job: Job;
  /** Null once the job has ended, so that nobody who listened to it is kept with it. */
  controller: AbortController | null;
  readonly eta: EtaEstimate;
  readonly lane: string | null;
  readonly done: Promise<JobState>;
  paused: boolean;
  goOn: (() => void)[];
}

/** Watchers are told at most this often, as the contract says. */
const MILLISECONDS_BETWEEN_UPDATES = 250;
/** Jobs that have ended and are still listed, the newest of them: a session may last for weeks. */
const MOST_FINISHED = 200;

/** All long work of this session, listed in one place: it outlives the page that started it. */
export class Jobs {
  readonly #entries = new Map<string, Entry>();
  readonly #lanes = new Lanes<Entry>();
  readonly #changes = new ChangeSignal(MILLISECONDS_BETWEEN_UPDATES);

  /** Starts a job; `done` resolves to its final state and never rejects. */
  start(spec: JobSpec, work: JobWork): { readonly job: Job; readonly done: Promise<JobState> } {
    const { lane, ...described } = spec;
    const job: Job = {
      ...described,
      id: randomUUID(),
      createdAt: new Date().toISOString(),
      state: { kind: "queued" },
    };
    let resolveDone: (state: JobState) => void = () => undefined;
    const controller = new AbortController();
    const entry: Entry = {
      job,
      controller,
      eta: new EtaEstimate(),
      lane: lane ?? null,
      done: new Promise((resolve) => {
        resolveDone = resolve;
      }),
      paused: false,
      goOn: [],
    };
    this.#entries.set(job.id, entry);
    void this.#carryOut(entry, controller.signal, work).then(resolveDone);
    this.#changes.emit();
    return { job: entry.job, done: entry.done };
  }

  /** All jobs, newest first. */
  list(): Job[] {
    return [...this.#entries.values()].map((entry) => entry.job).reverse();
  }

  get(jobId: string): Job {
    return this.#entry(jobId).job;
  }

  /** Calls `listener` after changes, at most four times a second; returns how to stop. */
  onChange(listener: () => void): () => void {
    return this.#changes.listen(listener);
  }

  /** Asks the job to end; one that has ended stays as it is. */
  cancel(jobId: string): void {
    this.#end(this.#entry(jobId), new RpcError("cancelled", "The job was cancelled."));
  }

  pause(jobId: string): void {
    const entry = this.#entry(jobId);
    if (!entry.job.canPause) {
      throw new RpcError("unsupported", `"${entry.job.title}" can't be paused, only cancelled.`);
    }
    if (isUnfinished(entry.job.state)) {
      this.#setPaused(entry, true);
    }
  }

  resume(jobId: string): void {
    this.#setPaused(this.#entry(jobId), false);
  }

  /** Takes a finished job off the list. */
  dismiss(jobId: string): void {
    const entry = this.#entry(jobId);
    if (isUnfinished(entry.job.state)) {
      throw new RpcError("conflict", `"${entry.job.title}" is still running; cancel it first.`);
    }
    this.#entries.delete(jobId);
    this.#changes.emit();
  }

  /** Whether a job of this lane would begin at once. */
  isFree(lane: string): boolean {
    return this.#lanes.isFree(lane);
  }

  /** Lets two jobs that wait in one lane change places. */
  exchangeTurns(jobId: string, otherId: string): void {
    const [entry, other] = [this.#entry(jobId), this.#entry(otherId)];
    if (entry.lane !== null && entry.lane === other.lane) {
      this.#lanes.exchange(entry.lane, entry, other);
    }
  }

  /** Cancels all jobs, `HostClosing` being why, and waits until each has ended. */
  async close(): Promise<void> {
    for (const entry of this.#entries.values()) {
      this.#end(entry, new HostClosing());
    }
    await Promise.all([...this.#entries.values()].map((entry) => entry.done));
    this.#changes.close();
  }

  #end(entry: Entry, reason: RpcError): void {
    if (isUnfinished(entry.job.state)) {
      entry.controller?.abort(reason);
      this.#setPaused(entry, false);
    }
  }

  async #carryOut(entry: Entry, signal: AbortSignal, work: JobWork): Promise<JobState> {
    const { lane } = entry;
    // Not even a microtask passes before the work of a free lane begins.
    if (lane !== null && !this.#lanes.tryEnter(lane, entry)) {
      await this.#lanes.enter(lane, entry, { signal });
    }
    let state: JobState;
    try {
      signal.throwIfAborted();
      this.#report(entry, { progress: null, detail: "starting", etaSeconds: null });
      const result = await work(this.#context(entry, signal));
      state = { kind: "succeeded", finishedAt: new Date().toISOString(), result };
    } catch (thrown) {
      const finishedAt = new Date().toISOString();
      const { code, message } = toHostError(thrown);
      state =
        signal.aborted && (code === "cancelled" || thrown === signal.reason)
          ? { kind: "cancelled", finishedAt }
          : { kind: "failed", finishedAt, error: { code, message } };
    }
    entry.controller = null;
    this.#setState(entry, state);
    this.#forgetOldest();
    if (lane !== null) {
      this.#lanes.leave(lane, entry);
    }
    return state;
  }

  /** Takes the oldest of very many jobs that have ended off the list. */
  #forgetOldest(): void {
    const ended = [...this.#entries.values()].filter(({ job }) => !isUnfinished(job.state));
    for (const { job } of ended.slice(0, Math.max(0, ended.length - MOST_FINISHED))) {
      this.#entries.delete(job.id);
    }
  }

  #context(entry: Entry, signal: AbortSignal): JobContext {
    return {
      signal,
      get paused() {
        return entry.paused;
      },
      report: (progress) => {
        this.#report(entry, progress);
      },
      whilePaused: () =>
        entry.paused ? new Promise((resolve) => entry.goOn.push(resolve)) : Promise.resolve(),
    };
  }

  #report(entry: Entry, { progress, detail, etaSeconds }: JobProgress): void {
    const share = progress === null ? null : Math.min(1, Math.max(0, progress));
    const estimated = entry.eta.after(share, entry.paused);
    this.#setState(entry, {
      kind: "running",
      progress: share,
      detail,
      etaSeconds: etaSeconds === undefined ? estimated : etaSeconds,
      paused: entry.paused,
    });
  }

  #setPaused(entry: Entry, paused: boolean): void {
    if (entry.paused === paused) {
      return;
    }
    entry.paused = paused;
    entry.eta.restart();
    const { state } = entry.job;
    if (state.kind === "running") {
      this.#setState(entry, { ...state, paused, etaSeconds: null });
    }
    if (!paused) {
      for (const resolve of entry.goOn.splice(0)) {
        resolve();
      }
    }
  }

  #setState(entry: Entry, state: JobState): void {
    if (!isUnfinished(entry.job.state)) {
      return;
    }
    entry.job = { ...entry.job, state };
    this.#changes.emit();
  }

  #entry(jobId: string): Entry {
    const entry = this.#entries.get(jobId);
    if (entry === undefined) {
      throw new RpcError("not-found", "There is no such job any more.");
    }
    return entry;
  }
}

/** Whether a job is still to do or under way. */
export function isUnfinished(state: JobState): boolean {
  switch (state.kind) {
    case "queued":
    case "running":
      return true;
    case "succeeded":
    case "failed":
    case "cancelled":
      return false;
  }
}
