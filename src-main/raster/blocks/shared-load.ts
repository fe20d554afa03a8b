/** A load that several readers may wait for, each able to leave; the last to leave stops it. */
export class SharedLoad<Value> {
  readonly result: Promise<Value>;
  readonly #abandon: () => void;
  #waiting = 0;

  constructor(result: Promise<Value>, abandon: () => void) {
    this.result = result;
    this.#abandon = abandon;
  }

  join(signal: AbortSignal | undefined): Promise<Value> {
    this.#waiting += 1;
    if (signal === undefined) {
      return this.result;
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting -= 1;
        if (this.#waiting === 0) {
          this.#abandon();
        }
        reject(signal.reason as Error);
      };
      if (signal.aborted) {
        leave();
        return;
      }
      signal.addEventListener("abort", leave, { once: true });
      this.result.then(resolve, reject).finally(() => {
        signal.removeEventListener("abort", leave);
      });
    });
  }
}
