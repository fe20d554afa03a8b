import type { Job } from "#shared/jobs/job.ts";

/** The report that is being written, and the newest one that was; null for none. */
export interface LatestReport {
  /** `progress` 0–1; null while it waits or doesn't know. */
  readonly writing: { readonly progress: number | null } | null;
  readonly written: {
    readonly jobId: string;
    readonly fileName: string;
    readonly displayPath: string;
    /** Null where the shell shows the folder instead. */
    readonly downloadId: string | null;
  } | null;
}

/** The newest report on a run, or with `runId` null on masks from elsewhere, among the jobs, which come newest first. */
export function latestReport(jobs: readonly Job[], projectId: string, runId: string | null): LatestReport {
  let writing: LatestReport["writing"] = null;
  for (const { id, kind, projectId: ofProject, runId: ofRun, state } of jobs) {
    if (kind !== "report" || ofProject !== projectId || ofRun !== runId) {
      continue;
    }
    if (state.kind === "running" || state.kind === "queued") {
      writing ??= { progress: state.kind === "running" ? state.progress : null };
    } else if (state.kind === "succeeded" && state.result.kind === "report") {
      const { fileName, displayPath, downloadId } = state.result;
      return { writing, written: { jobId: id, fileName, displayPath, downloadId } };
    }
  }
  return { writing, written: null };
}
