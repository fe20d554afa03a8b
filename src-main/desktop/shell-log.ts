import path from "node:path";
import { EventLog } from "../host/diagnostics/event-log.ts";
import type { LoggedEvent } from "../host/diagnostics/event-log.ts";
import { eventWithoutNames } from "../host/diagnostics/without-names.ts";

/**
 * What happens to windows and processes, in the same log as the host's events: a host that has died, or a page, can't write why. Without paths and names, as everything in
 * there.
 */
export class ShellLog {
  readonly #log: EventLog;
  readonly #folders: () => Iterable<string | null>;

  /** `folders` are those that messages may name, open or opened before. */
  constructor(dataDirectory: string, folders: () => Iterable<string | null>) {
    this.#log = new EventLog(path.join(dataDirectory, "logs"));
    this.#folders = folders;
  }

  write(event: LoggedEvent): void {
    const names = [...this.#folders()].flatMap((folder) =>
      folder === null ? [] : [folder, path.basename(folder)],
    );
    this.#log.write(eventWithoutNames(event, names));
  }

  /** Logs what ends this process; what it does to the app is left as it is. */
  watchFaults(process: NodeJS.Process): void {
    process.on("uncaughtExceptionMonitor", ({ message, stack }: Error, origin) => {
      this.write({ event: "shell-error", origin, message, stack: stack ?? null });
    });
  }

  /** Resolves once everything is written, or couldn't be. */
  flush(): Promise<void> {
    return this.#log.flush();
  }
}
