import type { CliProgress, CliProgressUpdate } from "./cli-io.ts";
import type { TextOutput } from "./terminal-io.ts";

const BAR_WIDTH = 24;
const MILLISECONDS_BETWEEN_FRAMES = 100;
/** Without a terminal: a line at each step of this size, or after this long. */
const SHARE_BETWEEN_LINES = 0.05;
const MILLISECONDS_BETWEEN_LINES = 10_000;
const DEFAULT_COLUMNS = 80;

/** A bar that is drawn over itself on a terminal, plain lines elsewhere. */
export function terminalProgress(
  output: TextOutput,
  title: string,
  now: () => number = () => performance.now(),
): CliProgress {
  return output.isTTY === true ? bar(output, title, now) : lines(output, title, now);
}

function bar(output: TextOutput, title: string, now: () => number): CliProgress {
  let drawnAt = -Infinity;
  let isDrawn = false;
  return {
    update: (update) => {
      if (now() - drawnAt < MILLISECONDS_BETWEEN_FRAMES && update.progress !== 1) {
        return;
      }
      drawnAt = now();
      isDrawn = true;
      const text = describe(title, update, true).slice(0, (output.columns ?? DEFAULT_COLUMNS) - 1);
      output.write(`\r\u001b[2K${text}`);
    },
    end: (text) => {
      if (isDrawn) {
        output.write("\r\u001b[2K");
      }
      if (text !== undefined) {
        output.write(`${text}\n`);
      }
    },
  };
}

function lines(output: TextOutput, title: string, now: () => number): CliProgress {
  let shownAt = -Infinity;
  let shownStep = -1;
  return {
    update: (update) => {
      // Counted in whole steps: sums of shares are never quite whole.
      const step =
        update.progress === null ? shownStep : Math.floor(update.progress / SHARE_BETWEEN_LINES + 1e-9);
      if (step > shownStep || now() - shownAt >= MILLISECONDS_BETWEEN_LINES) {
        shownAt = now();
        shownStep = step;
        output.write(`${describe(title, update, false)}\n`);
      }
    },
    end: (text) => {
      if (text !== undefined) {
        output.write(`${text}\n`);
      }
    },
  };
}

function describe(
  title: string,
  { progress, detail, etaSeconds }: CliProgressUpdate,
  withBar: boolean,
): string {
  const share =
    progress === null ? null : withBar ? `${drawBar(progress)} ${percent(progress)}` : percent(progress);
  const left = etaSeconds == null ? null : `${duration(etaSeconds)} left`;
  return [title, share, detail, left].filter((part) => part !== null && part !== "").join("  ");
}

function drawBar(progress: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, progress)) * BAR_WIDTH);
  return `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)}`;
}

function percent(progress: number): string {
  return `${String(Math.floor(progress * 100)).padStart(3)} %`;
}

/** "45 s", "12 min", "3 h 05 min". */
export function duration(seconds: number): string {
  if (seconds < 90) {
    return `${Math.ceil(seconds)} s`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 90
    ? `${minutes} min`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
