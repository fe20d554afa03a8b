import type { JobState } from "#shared/jobs/job.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { lastTurn, queuedRuns } from "#shared/training/run-queue.ts";
import type { Run, RunState } from "#shared/training/run.ts";
import type { Engine } from "../engine/index.ts";
import { toHostError } from "../host-error.ts";
import { isUnfinished, type Jobs } from "../jobs/index.ts";
import type { Project } from "../projects/index.ts";
import { claimRun, releaseRun, trainerOf, type Runs, type StoredRun } from "../runs/index.ts";
import { restoreSplitOfRun } from "../saved-splits/index.ts";
import type { LabelCensus } from "./label-census.ts";
import type { RunEvents } from "./run-events.ts";
import { carryOutTraining } from "./training-job.ts";

/** Jobs that need the engine go one after another: two networks at once would need the memory of both. */
export const ENGINE_LANE = "engine";

export interface TrainingQueueOptions {
  readonly jobs: Jobs;
  readonly engine: Engine;
  readonly runs: Runs;
  readonly census: LabelCensus;
  readonly events: RunEvents;
}

/** A training that has begun, or waits for its turn. */
export interface StartedRun {
  readonly runId: string;
  readonly jobId: string;
  readonly directory: string;
  /** Never rejects. */
  readonly done: Promise<JobState>;
}

interface UnderWay {
  readonly jobId: string;
  readonly stop: AbortController;
  readonly settled: Promise<JobState>;
}

/**
 * Trainings in the order of their turns. The queue is the runs on disk: each is written as `queued` and claimed by this process before its job waits for the
 * engine, so that one whose process has ended can be taken up by the next.
 */
export class TrainingQueue {
  readonly #options: TrainingQueueOptions;
  readonly #underWay = new Map<string, UnderWay>();
  #isClosing = false;

  constructor(options: TrainingQueueOptions) {
    this.#options = options;
  }

  /** Whether a run trains or waits in this process. */
  has(runId: string): boolean {
    return this.#underWay.has(runId);
  }

  /** Resolves when a run neither trains nor waits in this process; never rejects. */
  async left(runId: string): Promise<void> {
    await this.#underWay.get(runId)?.settled;
  }

  /**
   * Lets a run wait for its turn; `write` puts it on disk as `queued`. With `fromQueue` it goes on at the next start, should the host close in the middle. Throws
   * `conflict` for one that trains or waits already: two jobs of one run would settle it for each other.
   */
  async add(
    project: Project,
    { id: runId, name }: Pick<Run, "id" | "name">,
    write: (turn: number) => Promise<StoredRun>,
    options: { readonly fromQueue: boolean },
  ): Promise<StartedRun> {
    if (this.has(runId)) {
      throw new RpcError("conflict", `${name} trains or waits for its turn already.`);
    }
    const { jobs, runs, engine, census, events } = this.#options;
    const stop = new AbortController();
    const fromQueue = options.fromQueue || !jobs.isFree(ENGINE_LANE);
    let isWritten: (result: Promise<StoredRun>) => void = () => undefined;
    const written = new Promise<StoredRun>((resolve) => {
      isWritten = resolve;
    });
    const { job, done } = jobs.start(
      {
        kind: "training",
        title: `Train ${name}`,
        projectId: project.id,
        runId,
        mosaicId: null,
        canPause: true,
        lane: ENGINE_LANE,
      },
      async (context) => {
        await written;
        return carryOutTraining(
          {
            project,
            runId,
            runs,
            engine,
            census,
            events,
            stop: stop.signal,
            running: { kind: "running", jobId: job.id, ...(fromQueue ? { fromQueue } : {}) },
            goesOn: async () =>
              !stop.signal.aborted && (fromQueue || (await this.#othersWait(project, runId))),
          },
          context,
        );
      },
    );
    const settled = done.then(async (state) => {
      // A job that is cancelled at once ends before its run is there.
      await written.catch(() => undefined);
      await this.#settleUnstarted(project.id, runId, state);
      this.#underWay.delete(runId);
      return state;
    });
    this.#underWay.set(runId, { jobId: job.id, stop, settled });
    const writing = runs.list(project).then((all) => write(lastTurn(all.map(({ run }) => run))));
    isWritten(writing);
    const { directory } = await writing;
    return { runId, jobId: job.id, directory, done: settled };
  }

  /** Takes up the runs that an earlier session has left waiting, in their order, but for those that another process holds. */
  async goOn(project: Project): Promise<StartedRun[]> {
    const { runs } = this.#options;
    const left = (await runs.list(project)).filter(({ run }) => !this.has(run.id));
    const started: StartedRun[] = [];
    for (const { id } of queuedRuns(left.map(({ run }) => run))) {
      const directory = left.find(({ run }) => run.id === id)?.directory ?? "";
      if (this.has(id) || (await trainerOf(directory)) === "elsewhere") {
        continue;
      }
      try {
        await claimRun(directory);
      } catch {
        // Somebody else was quicker.
        continue;
      }
      // It may have been trained meanwhile, by a process that is gone again.
      const { run } = await runs.adopt(project, directory);
      if (this.has(id)) {
        // Resumed by hand meanwhile: the claim is that job's.
        continue;
      }
      if (run.state.kind !== "queued") {
        await releaseRun(directory);
        continue;
      }
      const { split } = run.settings;
      const prepare = async (): Promise<StoredRun> => {
        if (split.kind === "saved") {
          await restoreSplitOfRun(project, split.splitId, directory);
        }
        return runs.get(project.id, id);
      };
      // One that can't go on is told as failed, and those behind it go on.
      const taken = await this.add(project, run, prepare, { fromQueue: true }).catch(() => null);
      started.push(...(taken === null ? [] : [taken]));
    }
    return started;
  }

  /** Lets a waiting run change places with the one before it (−1) or behind it (1); nothing happens at the end of the line. */
  async move(project: Project, runId: string, by: -1 | 1): Promise<void> {
    const { jobs, runs } = this.#options;
    const line = queuedRuns((await runs.list(project)).map(({ run }) => run)).filter(({ id }) =>
      this.has(id),
    );
    const index = line.findIndex(({ id }) => id === runId);
    const [run, other] = [line[index], line[index + by]];
    if (run === undefined) {
      throw new RpcError("not-found", "This run doesn't wait for its turn any more.");
    }
    const [job, otherJob] = [this.#underWay.get(runId), this.#underWay.get(other?.id ?? "")];
    if (
      other !== undefined &&
      job !== undefined &&
      otherJob !== undefined &&
      run.state.kind === "queued" &&
      other.state.kind === "queued"
    ) {
      jobs.exchangeTurns(job.jobId, otherJob.jobId);
      const [turn, otherTurn] = [run.state.turn, other.state.turn];
      await this.#setTurn(project.id, run.id, otherTurn);
      await this.#setTurn(project.id, other.id, turn === otherTurn ? turn - by : turn);
    }
  }

  /** Ends a training after its step in flight and keeps its best epoch; one that waits leaves the queue. Throws `not-found`. */
  stop(runId: string): void {
    const underWay = this.#underWay.get(runId);
    if (underWay === undefined) {
      throw new RpcError("not-found", "This run isn't training.");
    }
    underWay.stop.abort(new RpcError("cancelled", "The training was stopped."));
    const { jobs } = this.#options;
    if (jobs.get(underWay.jobId).state.kind === "queued") {
      jobs.cancel(underWay.jobId);
    } else {
      jobs.resume(underWay.jobId);
    }
  }

  /** From now on, waiting runs whose jobs end stay in the queue for the next session; resolves when all that ends has been written, after the jobs have closed. */
  async close(closeJobs: () => Promise<void>): Promise<void> {
    this.#isClosing = true;
    const ending = [...this.#underWay.values()].map(({ settled }) => settled);
    await closeJobs();
    await Promise.all(ending);
  }

  /** A job that ended while it waited for its turn has never touched its run. */
  async #settleUnstarted(projectId: string, runId: string, ended: JobState): Promise<void> {
    const { runs, events } = this.#options;
    const stored = await runs.get(projectId, runId).catch(() => null);
    if (stored === null) {
      return;
    }
    try {
      const { kind } = stored.run.state;
      const isUntouched = (kind === "queued" && !this.#isClosing) || kind === "running";
      // Whoever has taken it over says how it ends.
      if (isUntouched && !isUnfinished(ended) && (await trainerOf(stored.directory)) !== "elsewhere") {
        const state: RunState =
          ended.kind === "failed"
            ? { kind: "failed", message: ended.error.message, smallerBatch: null }
            : { kind: "interrupted" };
        const run = await runs.update(projectId, runId, (before) => ({ ...before, state }));
        events.emit(runId, { kind: "run", run });
      }
    } catch (error) {
      console.error(`The run ${runId} could not be settled: ${toHostError(error).message}`);
    } finally {
      await releaseRun(stored.directory);
    }
  }

  async #othersWait(project: Project, runId: string): Promise<boolean> {
    const all = await this.#options.runs.list(project);
    return all.some(({ run }) => run.id !== runId && run.state.kind === "queued");
  }

  async #setTurn(projectId: string, runId: string, turn: number): Promise<void> {
    await this.#options.runs.update(projectId, runId, (run) =>
      run.state.kind === "queued" ? { ...run, state: { kind: "queued", turn } } : run,
    );
  }
}
