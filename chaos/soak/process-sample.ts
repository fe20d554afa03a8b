import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What a process holds at a moment. */
export interface ProcessSample {
  /** Memory that is in use and not swapped out. */
  readonly residentBytes: number;
  /** Open files, sockets and pipes. */
  readonly handles: number;
  readonly threads: number;
}

/** Reads what a process holds from `/proc` (Linux only); null where it is gone. */
export function sampleProcess(pid: number): ProcessSample | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return {
      residentBytes: numberOf(status, "VmRSS") * 1024,
      handles: readdirSync(`/proc/${pid}/fd`).length,
      threads: numberOf(status, "Threads"),
    };
  } catch {
    return null;
  }
}

function numberOf(status: string, name: string): number {
  const found = new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(status)?.[1];
  if (found === undefined) {
    // A process that has ended, and that nobody has waited for, has no memory any more.
    throw new Error(`The process tells no ${name}.`);
  }
  return Number(found);
}

/** What a process has open, sorted, to see in the report what it was that became more. */
export function handlesOf(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder)
      .flatMap((name) => {
        try {
          return [readlinkSync(`${folder}/${name}`)];
        } catch {
          return [];
        }
      })
      .toSorted();
  } catch {
    return [];
  }
}
