/** What is kept of a loss scale from one session to the next. */
export interface LossScaleState {
  readonly scale: number;
  /** Steps without overflow since it last changed. */
  readonly soundSteps: number;
}

/** Keras' `LossScaleOptimizer` begins with this. */
const FIRST_SCALE = 2 ** 15;
/** After so many sound steps it tries twice the scale. */
const GROWTH_STEPS = 2000;
const LARGEST_SCALE = 2 ** 24;

/**
 * The factor that lifts small float16 gradients above what float16 can tell from 0 (Micikevicius et al. 2018, arXiv:1710.03740): halved when a
 * gradient overflows, whose step is then left out, doubled after 2000 sound steps.
 */
export class LossScale {
  #state: LossScaleState;

  constructor(state: LossScaleState = { scale: FIRST_SCALE, soundSteps: 0 }) {
    this.#state = state;
  }

  get state(): LossScaleState {
    return this.#state;
  }

  get scale(): number {
    return this.#state.scale;
  }

  /** Takes note of an update that was made, or left out because its gradients had overflowed. */
  note(outcome: "sound" | "overflow"): void {
    const { scale, soundSteps } = this.#state;
    if (outcome === "overflow") {
      this.#state = { scale: Math.max(1, scale / 2), soundSteps: 0 };
    } else if (soundSteps + 1 >= GROWTH_STEPS) {
      this.#state = { scale: Math.min(LARGEST_SCALE, scale * 2), soundSteps: 0 };
    } else {
      this.#state = { scale, soundSteps: soundSteps + 1 };
    }
  }
}
