import type { Run } from "./run.ts";

/** The runs that wait for their turn, the next one first. */
export function queuedRuns(runs: readonly Run[]): Run[] {
  return runs.filter(({ state }) => state.kind === "queued").sort(compareTurns);
}

function compareTurns(first: Run, second: Run): number {
  return turnOf(first) - turnOf(second) || first.createdAt.localeCompare(second.createdAt);
}

function turnOf({ state }: Run): number {
  return state.kind === "queued" ? state.turn : 0;
}

/** A turn behind all that wait. */
export function lastTurn(runs: readonly Run[]): number {
  return Math.max(Date.now(), ...queuedRuns(runs).map((run) => turnOf(run) + 1));
}
