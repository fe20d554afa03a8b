import { appendFile, mkdir, readFile, rename, stat } from "node:fs/promises";
import path from "node:path";

/** One line of the log. `event` is a fixed word such as `job-failed`; the rest is what belongs to it. */
export type LoggedEvent = Readonly<Record<string, string | number | boolean | null>> & {
  readonly event: string;
};

/** How large a file may get before the next is begun. */
const FILE_BYTES = 1 << 20;
/** How many files there are at most: the log takes three megabytes. */
const FILES = 3;
/** What may wait to be written; a burst beyond it is counted, not kept. */
const MOST_WAITING = 200;

/**
 * What happened, a JSON object a line, in `orthomask.log` and the older `orthomask.1.log`, `orthomask.2.log` below `directory`. Several
 * processes may write: each line is one append. Where nothing can be written the app goes on without a log.
 */
export class EventLog {
  readonly #directory: string;
  #waiting: string[] = [];
  #dropped = 0;
  #writing: Promise<void> | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  write(event: LoggedEvent): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(JSON.stringify({ at: new Date().toISOString(), pid: process.pid, ...event }));
    this.#writing ??= this.#drain();
  }

  /** Resolves once everything that was told has been written, or couldn't be. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  /** The last `count` lines, oldest first, over all files. */
  async last(count: number): Promise<string[]> {
    await this.flush();
    const lines: string[] = [];
    for (let index = 0; index < FILES && lines.length < count; index += 1) {
      const text = await readFile(this.#file(index), "utf8").catch(() => "");
      lines.unshift(...text.split("\n").filter((line) => line !== ""));
    }
    return lines.slice(-count);
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      if (this.#dropped > 0) {
        lines.push(
          JSON.stringify({ at: new Date().toISOString(), event: "events-dropped", count: this.#dropped }),
        );
        this.#dropped = 0;
      }
      try {
        await mkdir(this.#directory, { recursive: true });
        await this.#turnOver();
        await appendFile(this.#file(0), `${lines.join("\n")}\n`);
      } catch {
        // A full disk or a folder that can only be read: a log is no reason to fail.
      }
    }
    // At once with the last look at what waits, so that no line is left behind.
    this.#writing = null;
  }

  /** Begins a new file where the last is full. Two processes at once may lose an old one, never what is written now. */
  async #turnOver(): Promise<void> {
    const size = await stat(this.#file(0)).then(
      (found) => found.size,
      () => 0,
    );
    if (size < FILE_BYTES) {
      return;
    }
    for (let index = FILES - 1; index > 0; index -= 1) {
      await rename(this.#file(index - 1), this.#file(index)).catch(() => undefined);
    }
  }

  #file(index: number): string {
    return path.join(this.#directory, index === 0 ? "orthomask.log" : `orthomask.${index}.log`);
  }
}
