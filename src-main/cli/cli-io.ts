import type { Services } from "../host/services.ts";

/** How far a piece of work is, as a bar shows it. */
export interface CliProgressUpdate {
  /** 0–1, or null while the amount of work is unknown. */
  readonly progress: number | null;
  /** One short phrase: "epoch 3 of 10, loss 0.41". */
  readonly detail: string;
  readonly etaSeconds?: number | null;
}

/** One bar on a terminal; on anything else, a line at each whole 5 % or after 10 s. Always on stderr. */
export interface CliProgress {
  update(update: CliProgressUpdate): void;
  /** Takes the bar away and, given a text, leaves it as a line. */
  end(text?: string): void;
}

/** What a command may do with the terminal: the only way commands write. */
export interface CliIo {
  /** stdout carries one JSON document and nothing else. */
  readonly json: boolean;
  readonly verbose: boolean;
  /** Aborted by SIGINT and SIGTERM; the program then ends with 130 once the command has returned or thrown. */
  readonly signal: AbortSignal;
  /** The command's one answer on stdout: the document with `--json`, else the text that `describe` makes of it. */
  answer<T>(document: T, describe: (document: T) => string): void;
  /** A line on stderr. */
  note(text: string): void;
  /** A line on stderr that begins with "warning:". */
  warn(text: string): void;
  progress(title: string): CliProgress;
  /** The host's services in this process, made on first use and closed when the command has ended. */
  services(): Promise<Services>;
}

/** Wrong usage that commander can't see ("--tile 0"): ends the program with 2 and the message on stderr. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
