/** What a toast offers to do next. */
export interface ToastAction {
  readonly label: string;
  run(): void;
}

/** A quiet note in the corner: it says what happened and offers what comes next. */
export interface Toast {
  readonly id: number;
  readonly tone: "done" | "note" | "error";
  readonly message: string;
  readonly actions: readonly ToastAction[];
}

/** How long a note stays unless the pointer or the focus is on it. */
const LIFETIME_MILLISECONDS = 8000;
/** An error may take longer to read, but mustn't cover the map for good. */
const ERROR_LIFETIME_MILLISECONDS = 30_000;

/** The notes that are shown, oldest first. */
export class Toasts {
  #shown: readonly Toast[] = $state.raw([]);
  #lastId = 0;
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();

  get shown(): readonly Toast[] {
    return this.#shown;
  }

  show(tone: Toast["tone"], message: string, actions: readonly ToastAction[] = []): void {
    // The same sentence twice says no more than once.
    const same = this.#shown.find((toast) => toast.message === message);
    if (same !== undefined) {
      this.dismiss(same.id);
    }
    this.#lastId += 1;
    const id = this.#lastId;
    this.#shown = [...this.#shown.slice(-3), { id, tone, message, actions }];
    this.resume(id);
  }

  dismiss(id: number): void {
    this.hold(id);
    this.#shown = this.#shown.filter((toast) => toast.id !== id);
  }

  /** Keeps a toast while the pointer or the focus is on it. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  /** Lets it go by itself again. */
  resume(id: number): void {
    this.hold(id);
    const isError = this.#shown.find((toast) => toast.id === id)?.tone === "error";
    this.#timers.set(
      id,
      setTimeout(
        () => {
          this.dismiss(id);
        },
        isError ? ERROR_LIFETIME_MILLISECONDS : LIFETIME_MILLISECONDS,
      ),
    );
  }
}
