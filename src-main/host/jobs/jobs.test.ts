import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { jobSchema } from "#shared/jobs/job.ts";
import type { JobResult } from "#shared/jobs/job.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { HostClosing, Jobs } from "./index.ts";
import type { JobContext, JobSpec } from "./index.ts";

const spec: JobSpec = {
  kind: "pyramid",
  title: "Overviews of a",
  projectId: "p",
  runId: null,
  mosaicId: "a",
  canPause: true,
};
const result: JobResult = { kind: "pyramid", mosaicId: "a" };

let jobs: Jobs;

beforeEach(() => {
  vi.useFakeTimers();
  jobs = new Jobs();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A job that goes on until it is told to, holding its context. */
function openJob(given: Partial<JobSpec> = {}): {
  readonly id: string;
  readonly done: ReturnType<Jobs["start"]>["done"];
  readonly context: () => JobContext | null;
  finish(): void;
  fail(error: unknown): void;
} {
  let context: JobContext | null = null;
  let finish: () => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const work = new Promise<JobResult>((resolve, reject) => {
    finish = () => {
      resolve(result);
    };
    fail = reject;
  });
  const { job, done } = jobs.start({ ...spec, ...given }, (own) => {
    context = own;
    return work;
  });
  return { id: job.id, done, context: () => context, finish, fail };
}

describe("a job's end", () => {
  it("is its result, its error, or that it was cancelled", async () => {
    const good = openJob();
    good.finish();
    expect(await good.done).toMatchObject({ kind: "succeeded", result });
    const bad = openJob();
    bad.fail(new RpcError("out-of-memory", "The network needs more memory."));
    expect(await bad.done).toMatchObject({
      kind: "failed",
      error: { code: "out-of-memory", message: "The network needs more memory." },
    });
    const stopped = openJob();
    jobs.cancel(stopped.id);
    stopped.fail(stopped.context()?.signal.reason);
    expect(await stopped.done).toMatchObject({ kind: "cancelled" });
    expect(jobs.list().map(({ id }) => id)).toEqual([stopped.id, bad.id, good.id]);
    for (const job of jobs.list()) {
      jobSchema.parse(job);
    }
  });

  it("is success when cancelled work has something to keep, and failure when it fails for another reason", async () => {
    const kept = openJob();
    jobs.cancel(kept.id);
    kept.finish();
    expect((await kept.done).kind).toBe("succeeded");
    const broken = openJob();
    jobs.cancel(broken.id);
    broken.fail(new Error("the disk is gone"));
    expect(await broken.done).toMatchObject({ kind: "failed", error: { code: "internal" } });
  });

  it("leaves the list only when dismissed, and not before", async () => {
    const job = openJob();
    expect(() => {
      jobs.dismiss(job.id);
    }).toThrow(/still running/);
    job.finish();
    await job.done;
    jobs.dismiss(job.id);
    expect(jobs.list()).toEqual([]);
    expect(() => {
      jobs.cancel(job.id);
    }).toThrow(/no such job/);
  });
});

describe("pausing", () => {
  it("holds the work until it is resumed or cancelled", async () => {
    const job = openJob();
    jobs.pause(job.id);
    expect(job.context()?.paused).toBe(true);
    expect(jobs.get(job.id).state).toMatchObject({ kind: "running", paused: true });
    const passed = vi.fn();
    const waiting = job.context()?.whilePaused().then(passed);
    await vi.advanceTimersByTimeAsync(1000);
    expect(passed).not.toHaveBeenCalled();
    jobs.resume(job.id);
    await waiting;
    expect(passed).toHaveBeenCalledOnce();
    jobs.pause(job.id);
    const again = job.context()?.whilePaused();
    jobs.cancel(job.id);
    await again;
    job.finish();
    await job.done;
  });

  it("is refused where the work can't", () => {
    const { id } = openJob({ canPause: false });
    expect(() => {
      jobs.pause(id);
    }).toThrow(/can't be paused/);
  });
});

describe("watching", () => {
  it("hears of changes at most four times a second, and of the last one always", async () => {
    const seen: (number | null)[] = [];
    const job = openJob();
    await vi.advanceTimersByTimeAsync(1000);
    jobs.onChange(() => {
      const { state } = jobs.get(job.id);
      seen.push(state.kind === "running" ? state.progress : null);
    });
    for (let step = 1; step <= 100; step++) {
      job.context()?.report({ progress: step / 100, detail: "" });
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(250);
    expect(seen.length).toBeLessThanOrEqual(6);
    expect(seen[0]).toBe(0.01);
    expect(seen.at(-1)).toBe(1);
  });

  it("estimates the time left from a steady rate, not counting pauses", async () => {
    const job = openJob();
    const eta = (): number | null => {
      const { state } = jobs.get(job.id);
      return state.kind === "running" ? state.etaSeconds : null;
    };
    job.context()?.report({ progress: 0, detail: "" });
    for (let second = 1; second <= 5; second++) {
      await vi.advanceTimersByTimeAsync(1000);
      job.context()?.report({ progress: second / 20, detail: "" });
    }
    expect(eta()).toBeCloseTo(15, 3);
    jobs.pause(job.id);
    await vi.advanceTimersByTimeAsync(60_000);
    jobs.resume(job.id);
    job.context()?.report({ progress: 5 / 20, detail: "" });
    await vi.advanceTimersByTimeAsync(1000);
    job.context()?.report({ progress: 6 / 20, detail: "" });
    expect(eta()).toBeCloseTo(14, 3);
  });
});

describe("lanes", () => {
  it("run their jobs one after another, passing over a cancelled one", async () => {
    const first = openJob({ lane: "engine" });
    const second = openJob({ lane: "engine" });
    const third = openJob({ lane: "engine" });
    const apart = openJob();
    await vi.advanceTimersByTimeAsync(0);
    expect(apart.context()).not.toBeNull();
    expect(second.context()).toBeNull();
    expect(jobs.get(second.id).state.kind).toBe("queued");
    jobs.cancel(second.id);
    expect((await second.done).kind).toBe("cancelled");
    await vi.advanceTimersByTimeAsync(0);
    expect(third.context()).toBeNull();
    first.finish();
    await first.done;
    await vi.advanceTimersByTimeAsync(0);
    expect(third.context()).not.toBeNull();
    third.finish();
    await third.done;
    expect(jobs.isFree("engine")).toBe(true);
  });

  it("let two that wait change places", async () => {
    const [first, second, third] = [
      openJob({ lane: "engine" }),
      openJob({ lane: "engine" }),
      openJob({ lane: "engine" }),
    ];
    jobs.exchangeTurns(second.id, third.id);
    // One that has begun keeps its turn.
    jobs.exchangeTurns(first.id, third.id);
    first.finish();
    await first.done;
    await vi.advanceTimersByTimeAsync(0);
    expect([second.context(), third.context() === null]).toEqual([null, false]);
    const closing = jobs.close();
    third.fail(third.context()?.signal.reason);
    await closing;
    expect(third.context()?.signal.reason).toBeInstanceOf(HostClosing);
    expect((await second.done).kind).toBe("cancelled");
    expect(second.context()).toBeNull();
  });

  it("lists the newest 200 of those that have ended, and all that go on", async () => {
    const open = openJob({ title: "goes on" });
    for (let number = 0; number < 205; number += 1) {
      await jobs.start({ ...spec, title: String(number) }, () => Promise.resolve(result)).done;
    }
    const titles = jobs.list().map(({ title }) => title);
    expect(titles).toHaveLength(201);
    expect([titles[0], titles.at(-2), titles.at(-1)]).toEqual(["204", "5", "goes on"]);
    open.finish();
  });
});
