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
  const exports = jobs.filter(
    (job) => job.kind === "export" && job.projectId === projectId && job.runId === runId,
  );
  const active = exports.find(({ title, state }) => {
    return title.startsWith("Report on ") && (state.kind === "running" || state.kind === "queued");
  });
  for (const { id, state } of exports) {
    if (state.kind === "succeeded" && state.result.kind === "export") {
      const { fileNames, displayPath, downloadIds } = state.result;
      const [fileName] = fileNames;
      if (fileName !== undefined && /^report\.(html|pdf)$/.test(fileName)) {
        const written = { jobId: id, fileName, displayPath, downloadId: downloadIds[0] ?? null };
        return { writing: progressOf(active), written };
      }
    }
  }
  return { writing: progressOf(active), written: null };
}

function progressOf(job: Job | undefined): LatestReport["writing"] {
  return job === undefined ? null : { progress: job.state.kind === "running" ? job.state.progress : null };
}
