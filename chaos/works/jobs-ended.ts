import { setTimeout } from "node:timers/promises";
import type { Job } from "#shared/jobs/job.ts";
import type { RunningApp } from "../running-app.ts";

/** For a message that was on its way when the page died. */
const ON_ITS_WAY_MILLISECONDS = 500;

/** Waits until no job goes on, and answers how those ended that aren't among `known`, which they are added to. */
export async function jobsEnded(app: RunningApp, known: Set<string>): Promise<Job["state"][]> {
  await setTimeout(ON_ITS_WAY_MILLISECONDS);
  for await (const jobs of app.client.jobs.watch()) {
    if (jobs.every(({ state }) => state.kind !== "running" && state.kind !== "queued")) {
      const fresh = jobs.filter(({ id }) => !known.has(id));
      for (const { id } of fresh) {
        known.add(id);
      }
      return fresh.map(({ state }) => state);
    }
  }
  throw new Error("The list of jobs ended.");
}

/** A sentence for each that didn't succeed. */
export function troubleOf(states: readonly Job["state"][], what: string): string[] {
  return states
    .filter(({ kind }) => kind !== "succeeded")
    .map((state) => `the ${what} begun in a page that was killed ended ${JSON.stringify(state)}`);
}
