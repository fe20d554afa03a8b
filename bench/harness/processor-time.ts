import { readFileSync } from "node:fs";

/** Tells how much of the processors' time went to programs other than the given ones, between two looks. Linux only: NaN elsewhere. */
export class OthersLoad {
  readonly #pids: readonly number[];
  #before: { readonly all: number; readonly busy: number; readonly ours: number };

  /** Starts looking. This process and `pids` are not others; they must outlive `percent`. */
  constructor(pids: readonly number[]) {
    this.#pids = [process.pid, ...pids];
    this.#before = this.#look();
  }

  /** The others' share since the start, in percent of all processors' time. */
  percent(): number {
    const now = this.#look();
    const { all, busy, ours } = this.#before;
    return (100 * Math.max(0, now.busy - busy - (now.ours - ours))) / (now.all - all);
  }

  #look(): { all: number; busy: number; ours: number } {
    try {
      // user nice system idle iowait irq softirq steal, in ticks: all of them the same unit as a process's own.
      const ticks = (/^cpu +(.*)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1] ?? "")
        .split(" ")
        .map(Number)
        .slice(0, 8);
      const all = ticks.reduce((sum, value) => sum + value, 0);
      const ours = this.#pids.map(ticksOf).reduce((sum, value) => sum + value, 0);
      return { all, busy: all - (ticks[3] ?? NaN) - (ticks[4] ?? NaN), ours };
    } catch {
      return { all: NaN, busy: NaN, ours: NaN };
    }
  }
}

/** The others' share as a row of results has it; nothing where the system doesn't tell. */
export function disturbanceOf(othersPercent: number): { readonly othersPercent?: number } {
  return Number.isFinite(othersPercent) ? { othersPercent } : {};
}

/** User and system time of a process, and of its children that have ended. */
function ticksOf(pid: number): number {
  // The name in parentheses may hold spaces; utime, stime, cutime and cstime are the 14th to 17th field.
  const fields = (readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "").split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
}
