import { readFileSync } from "node:fs";

/** This process's largest resident memory; not a number where the system doesn't tell. */
export function peakMegabytes(): number {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
