import { setImmediate } from "node:timers/promises";

const milliseconds = 25;

/** Lets others have their turn now and then: work that reads from memory never waits by itself, and pages would stand still. */
export class Breather {
  #last = performance.now();

  async pause(): Promise<void> {
    if (performance.now() - this.#last > milliseconds) {
      await setImmediate();
      this.#last = performance.now();
    }
  }
}
