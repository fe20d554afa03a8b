import type { Job, JobResult } from "#shared/jobs/job.ts";

/** What a job is, as its starter says it. */
export interface JobSpec {
  readonly kind: Job["kind"];
  readonly title: string;
  readonly projectId: string;
  readonly runId: string | null;
  readonly mosaicId: string | null;
  readonly canPause: boolean;
  /** Jobs of one lane run one after another in the order they were started unless they change turns; without it a job runs at once. */
  readonly lane?: string;
}

/** How far a job is; without `etaSeconds` it is estimated from how progress has grown. */
export interface JobProgress {
  /** 0–1, or null while the amount of work is unknown. */
  readonly progress: number | null;
  /** One short phrase: "epoch 3 of 10". */
  readonly detail: string;
  readonly etaSeconds?: number | null;
}

/** What a job's work gets from the jobs service. */
export interface JobContext {
  /** Aborted when the job is cancelled or the host closes. Work that then returns a result has succeeded all the same. */
  readonly signal: AbortSignal;
  readonly paused: boolean;
  /** May be called as often as one likes: watchers hear of it at most four times a second. */
  report(progress: JobProgress): void;
  /** Resolves at once unless paused; then when the job goes on or is cancelled. Never rejects. */
  whilePaused(): Promise<void>;
}

/** The work of a job. It fails by throwing and is cancelled by throwing after its signal was aborted. */
export type JobWork = (context: JobContext) => Promise<JobResult>;
