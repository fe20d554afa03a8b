/** Weight of the newest step in the running mean: the estimate follows changes within some twenty steps. */
const NEWEST_SHARE = 0.1;

/** Estimates how long steps take and what is left, from those done; the first step of a kind, which compiles, counts only until there is a second. */
export class StepClock {
  #training: number | null = null;
  #trainingSteps = 0;
  #validating: number | null = null;
  #validatingSteps = 0;

  trained(milliseconds: number): void {
    this.#training = smoothed(this.#training, milliseconds, this.#trainingSteps);
    this.#trainingSteps++;
  }

  validated(milliseconds: number): void {
    this.#validating = smoothed(this.#validating, milliseconds, this.#validatingSteps);
    this.#validatingSteps++;
  }

  /** Milliseconds a training step; null before the first. */
  get stepMilliseconds(): number | null {
    return this.#training;
  }

  /** Seconds that so many steps will take; null before the first training step. A validation step is a third of one until one was seen. */
  secondsFor(trainingSteps: number, validationSteps: number): number | null {
    if (this.#training === null) {
      return null;
    }
    const validating = this.#validating ?? this.#training / 3;
    return (this.#training * trainingSteps + validating * validationSteps) / 1000;
  }
}

function smoothed(before: number | null, milliseconds: number, seen: number): number {
  return before === null || seen === 1 ? milliseconds : before + (milliseconds - before) * NEWEST_SHARE;
}
