import type { EpochRecord, Run } from "#shared/training/run.ts";

/** The epoch whose weights a training that has ended leaves: its best, which need not be its last. Null while it runs or waits, and without a finished epoch. */
export function keptEpoch({ state, best, history }: Run): EpochRecord | null {
  return state.kind === "running" || state.kind === "queued"
    ? null
    : (history.find(({ epoch }) => epoch === best?.epoch) ?? null);
}
