import type { DisplayState } from "#shared/project/display-state.ts";

/** Dragging a slider is one change, not fifty. */
const QUIET_MILLISECONDS = 400;

export interface DisplayKeeperOptions {
  /** What is to be kept, as it is now; what it reads is watched. */
  readonly current: () => DisplayState;
  readonly save: (display: DisplayState) => void;
}

/**
 * Keeps with the project how layers are shown and what is selected, a moment after each change, and at once when the
 * window goes or the project is left. What the project was opened with is not written back: opening a folder changes nothing in it.
 */
export class DisplayKeeper {
  readonly #options: DisplayKeeperOptions;
  readonly #stop: () => void;
  #kept: string;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DisplayKeeperOptions) {
    this.#options = options;
    this.#kept = JSON.stringify(options.current());
    this.#stop = $effect.root(() => {
      $effect(() => {
        if (JSON.stringify(options.current()) !== this.#kept) {
          clearTimeout(this.#timer);
          this.#timer = setTimeout(this.flush, QUIET_MILLISECONDS);
        }
      });
    });
    globalThis.addEventListener("pagehide", this.flush);
  }

  /** Keeps what has changed, without waiting. */
  readonly flush = (): void => {
    clearTimeout(this.#timer);
    const display = this.#options.current();
    const text = JSON.stringify(display);
    if (text !== this.#kept) {
      this.#kept = text;
      this.#options.save(display);
    }
  };

  /** Keeps the last change and watches no more. */
  close(): void {
    this.#stop();
    globalThis.removeEventListener("pagehide", this.flush);
    this.flush();
  }
}
