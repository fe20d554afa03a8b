import type { HostOptions } from "../host/host-options.ts";
import type { Services } from "../host/services.ts";
import type { CliIo, CliProgress } from "./cli-io.ts";
import { terminalProgress } from "./terminal-progress.ts";

/** A stream of the process, as far as the command line uses it. */
export interface TextOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** What the program is run with. */
export interface TerminalOptions {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly signal: AbortSignal;
  /** Read when needed: the arguments are parsed after the io is made. */
  readonly flags: () => { readonly json: boolean; readonly verbose: boolean };
  readonly hostOptions: () => HostOptions;
}

/** The io of a program run from a terminal or a script. */
export class TerminalIo implements CliIo {
  readonly signal: AbortSignal;
  readonly #options: TerminalOptions;
  #services: Promise<Services> | null = null;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.signal = options.signal;
  }

  get json(): boolean {
    return this.#options.flags().json;
  }

  get verbose(): boolean {
    return this.#options.flags().verbose;
  }

  answer<T>(document: T, describe: (document: T) => string): void {
    this.#options.stdout.write(
      this.json ? `${JSON.stringify(document, null, 1)}\n` : `${describe(document)}\n`,
    );
  }

  note(text: string): void {
    this.#options.stderr.write(`${text}\n`);
  }

  warn(text: string): void {
    this.note(`warning: ${text}`);
  }

  progress(title: string): CliProgress {
    return terminalProgress(this.#options.stderr, title);
  }

  services(): Promise<Services> {
    // Loaded on first use: `--help` and `sample` need neither the raster codecs' start nor TensorFlow's.
    this.#services ??= import("../host/services.ts").then(({ createServices }) =>
      createServices(this.#options.hostOptions()),
    );
    return this.#services;
  }

  /** Ends what the command has started. */
  async close(): Promise<void> {
    await (await this.#services?.catch(() => null))?.close();
  }
}
