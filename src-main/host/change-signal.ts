/**
 * Tells listeners that something changed, at once for the first change and at most every `milliseconds` after it;
 * the last change is never lost.
 */
export class ChangeSignal {
  readonly #listeners = new Set<() => void>();
  readonly #milliseconds: number;
  #timer: NodeJS.Timeout | null = null;
  #pending = false;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /** Returns how to stop listening. */
  listen(listener: () => void): () => void {
    // A function of its own, so that the same listener given twice can be taken away once.
    const own = (): void => {
      listener();
    };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  emit(): void {
    if (this.#timer !== null) {
      this.#pending = true;
      // A process with nothing else to do, as the command line after its job's last step, must not end before it is told.
      this.#timer.ref();
      return;
    }
    this.#wait();
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }

  /** Tells what is still to tell and lets go of all listeners. */
  close(): void {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
    if (this.#pending) {
      this.#pending = false;
      for (const listener of [...this.#listeners]) {
        listener();
      }
    }
    this.#listeners.clear();
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#pending) {
        this.#pending = false;
        this.emit();
      }
    }, this.#milliseconds);
    this.#timer.unref();
  }
}
