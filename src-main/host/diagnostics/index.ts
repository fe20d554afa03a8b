import { cpus, release, totalmem } from "node:os";
import path from "node:path";
import type { EngineStatus } from "#shared/contract.ts";
import type { PageFault } from "#shared/diagnostics.ts";
import type { Job } from "#shared/jobs/job.ts";
import type { EngineExit, EngineLauncher } from "../host-options.ts";
import { EventLog } from "./event-log.ts";
import type { LoggedEvent } from "./event-log.ts";
import { eventWithoutNames, withoutNames } from "./without-names.ts";

/** How many events go with what is copied. */
const COPIED_EVENTS = 200;
/** A page that fails with each frame must not fill the log. */
const MOST_PAGE_FAULTS = 50;

/**
 * Keeps a log of what happened, for whoever has to find out why something went wrong: starts, jobs, engines and faults, never a path, a name of a file or a
 * pixel. Nothing of it leaves the machine unless the user copies it.
 */
export class Diagnostics {
  readonly #log: EventLog;
  readonly #version: string;
  readonly #names: () => Iterable<string>;
  /** The state of each job that was logged last. */
  readonly #told = new Map<string, string>();
  #pageFaults = 0;

  /** `names` are those of projects and mosaics that are open now: messages are told without them. */
  constructor({
    dataDirectory,
    version,
    names,
  }: {
    readonly dataDirectory: string;
    readonly version: string;
    readonly names: () => Iterable<string>;
  }) {
    this.#log = new EventLog(path.join(dataDirectory, "logs"));
    this.#version = version;
    this.#names = names;
  }

  started(): void {
    this.#write({
      event: "host-started",
      version: this.#version,
      platform: process.platform,
      arch: process.arch,
    });
  }

  /** Logs each change of a job's state once; called with all jobs whenever one changes. */
  jobsChanged(jobs: readonly Job[]): void {
    for (const { id, kind, state } of jobs) {
      if (this.#told.get(id) === state.kind) {
        continue;
      }
      this.#told.set(id, state.kind);
      const failure = state.kind === "failed" ? { code: state.error.code, message: state.error.message } : {};
      this.#write({ event: `job-${state.kind}`, kind, ...failure });
    }
  }

  /** Logs a failure that is nobody's doing but ours. */
  failed(where: string, error: unknown): void {
    this.#write({
      event: "internal-error",
      where,
      message: error instanceof Error ? error.message : String(error),
      stack: error instanceof Error ? (error.stack ?? null) : null,
    });
  }

  pageFailed({ message, stack, fatal }: PageFault): void {
    this.#pageFaults += 1;
    if (this.#pageFaults <= MOST_PAGE_FAULTS) {
      this.#write({ event: fatal ? "page-broke" : "page-error", message, stack });
    }
  }

  /** The same launcher, whose engines' starts and ends are logged. */
  watching(launcher: EngineLauncher): EngineLauncher {
    return {
      launch: async () => {
        const engine = await launcher.launch();
        this.#write({ event: "engine-started", enginePid: engine.pid });
        void engine.exited.then((exit) => {
          this.#write({ event: "engine-ended", enginePid: engine.pid, ...described(exit) });
        });
        return engine;
      },
    };
  }

  /** Versions, machine and the last events, as text to hand on. */
  async describe(engine: EngineStatus): Promise<string> {
    const [processor] = cpus();
    const lines = [
      `Orthomask ${this.#version}`,
      `System: ${process.platform} ${release()} ${process.arch}, ${cpus().length} × ${processor?.model.trim() ?? "processor"}, ${gibibytes(totalmem())} GiB`,
      `Runtime: Node ${process.versions.node}${process.versions["electron"] === undefined ? "" : `, Electron ${process.versions["electron"]}`}`,
      engine.kind === "ready"
        ? `Engine: TensorFlow ${engine.tensorflowVersion} on ${engine.device.toUpperCase()} ${engine.deviceName}`
        : `Engine: none (${withoutNames(engine.reason, this.#names())})`,
      `Host: ${gibibytes(process.memoryUsage.rss())} GiB, up for ${Math.round(process.uptime())} s`,
      "",
      "Last events, oldest first:",
      ...(await this.#log.last(COPIED_EVENTS)),
    ];
    return `${lines.join("\n")}\n`;
  }

  async close(): Promise<void> {
    this.#write({ event: "host-closed" });
    await this.#log.flush();
  }

  #write(event: LoggedEvent): void {
    this.#log.write(eventWithoutNames(event, [...this.#names()]));
  }
}

function described({ code, signal, outputTail }: EngineExit): Record<string, string | number | null> {
  // What an engine that was ended in order wrote last says nothing.
  return code === 0 || signal === "SIGTERM"
    ? { code, signal }
    : { code, signal, output: outputTail.slice(-1000) };
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
