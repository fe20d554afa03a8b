import type { JobResult, JobState } from "#shared/jobs/job.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Jobs } from "../host/jobs/index.ts";
import type { CliIo } from "./cli-io.ts";

/** Shows a job until it ends, and answers what it left; an interruption cancels it. Throws what it failed with. */
export async function followJob(io: CliIo, jobs: Jobs, jobId: string, title: string): Promise<JobResult> {
  const progress = io.progress(title);
  const cancel = (): void => {
    jobs.cancel(jobId);
  };
  io.signal.addEventListener("abort", cancel, { once: true });
  if (io.signal.aborted) {
    cancel();
  }
  const state = await new Promise<JobState>((resolve) => {
    const look = (): void => {
      const { state: now } = jobs.get(jobId);
      if (now.kind === "running") {
        progress.update({ progress: now.progress, detail: now.detail, etaSeconds: now.etaSeconds });
      } else if (now.kind !== "queued") {
        stop();
        resolve(now);
      }
    };
    const stop = jobs.onChange(look);
    look();
  });
  io.signal.removeEventListener("abort", cancel);
  progress.end();
  if (state.kind === "failed") {
    throw new RpcError(state.error.code, state.error.message);
  }
  io.signal.throwIfAborted();
  if (state.kind !== "succeeded") {
    throw new RpcError("cancelled", `${title} was stopped.`);
  }
  return state.result;
}
