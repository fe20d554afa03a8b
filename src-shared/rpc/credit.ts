import { MAXIMUM_CREDIT } from "./messages.ts";

/** How many items a stream may still send; one consumer waits, the client's `more` refills. */
export class Credit {
  #available = 0;
  #wake: (() => void) | null = null;

  add(count: number): void {
    this.#available = Math.min(this.#available + count, MAXIMUM_CREDIT);
    this.#wake?.();
  }

  /** Waits for one item's credit and takes it; false when `signal` aborted first. */
  async take(signal: AbortSignal): Promise<boolean> {
    while (this.#available === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#wake = null;
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener("abort", wake);
      });
    }
    if (signal.aborted) {
      return false;
    }
    this.#available -= 1;
    return true;
  }
}
