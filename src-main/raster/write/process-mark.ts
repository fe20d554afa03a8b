import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** What a mark looks like, for names that hold one. */
export const markPattern = "[0-9a-f]{6}-\\d+-[0-9a-z]+";

/** Where process numbers mean the same: the machine and, on Linux, the container. */
const place = createHash("sha256")
  .update(`${hostname()}\n${linkOrNothing("/proc/self/ns/pid")}`)
  .digest("hex")
  .slice(0, 6);

/**
 * A word for a process that no other one has had: where it runs, its number, and when it began. Names of temporary files hold it, so
 * that what a killed process left can be told from what is being written.
 */
export function markOf(processId: number): string {
  return `${place}-${processId}-${startOf(processId)}`;
}

/** This process's own mark. */
export const ownMark = markOf(process.pid);

/**
 * Whether the process of a mark has ended for sure. One of another machine, or of another container, never has: nobody can tell from
 * here.
 */
export function hasEnded(mark: string): boolean {
  const [where, number, start] = mark.split("-");
  const processId = Number(number);
  if (where !== place || !Number.isInteger(processId) || processId <= 0) {
    return false;
  }
  // The number may belong to somebody else by now, who began at another time.
  return !isRunning(processId) || startOf(processId) !== start;
}

/** Whether there is a process of this number, whoever's it is. */
export function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // A process of somebody else's is one all the same.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function linkOrNothing(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** When a process began, in ticks of the clock since the system did, where the system tells (proc(5), field 22); else null. */
export function startTicksOf(processId: number): string | null {
  try {
    const status = readFileSync(`/proc/${processId}/stat`, "latin1");
    // The second field is the program's name, which may hold anything.
    return status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

function startOf(processId: number): string {
  return Number(startTicksOf(processId) ?? 0).toString(36);
}
