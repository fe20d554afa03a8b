import { readFileSync } from "node:fs";

export type Mode = "train" | "predict";

/** One side of a comparison: a process that has a network ready and takes steps (or predicts batches) when told to. */
export interface Contestant {
  readonly pid: number;
  /** Seconds from the start of the process to the end of its first step. */
  readonly secondsToFirstStep: number;
  /**
   * Seconds from being ready to be told what to train (TensorFlow loaded, Keras imported) to the end of the first step: building the
   * network, its first weights, compiling, the step.
   */
  readonly secondsFromRequest: number;
  /** Seconds that the first step took by itself, with all that is put off until then. */
  readonly firstStepSeconds: number;
  /** Takes steps, one after the other; the seconds of each, from handing over a batch to having the result. */
  run(steps: number): Promise<number[]>;
  /** The process's memory. */
  memory(): { readonly nowBytes: number; readonly peakBytes: number };
  /** Ends the process. */
  close(): Promise<void>;
}

/** Resident memory of a process, now and at its peak, as Linux counts it; NaN elsewhere. */
export function memoryOf(pid: number): { nowBytes: number; peakBytes: number } {
  let status = "";
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    // No such file system here.
  }
  const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  return { nowBytes: kilobytes("VmRSS") * 1024, peakBytes: kilobytes("VmHWM") * 1024 };
}
