/** What a frame takes on a screen of 60 Hz; shorter ones can't be told from it. */
const USUAL_MILLISECONDS = 17;
/** Where a graphics processor is slow or missing, the frame that waits for it is one of the next. */
const FRAMES_WATCHED = 3;

/** How long the map takes to be drawn, as the page feels it: by how much the frames after one of its own are late. */
export class FramePace {
  #cost = 0;
  #watching = false;

  /** Milliseconds beyond a usual frame; 0 before anything was watched. */
  get costMilliseconds(): number {
    return this.#cost;
  }

  /** The map has just been drawn: the next frames tell what that took. */
  watch(): void {
    if (this.#watching) {
      return;
    }
    this.#watching = true;
    let before = performance.now();
    let latest = 0;
    let left = FRAMES_WATCHED;
    const next = (): void => {
      const now = performance.now();
      latest = Math.max(latest, now - before - USUAL_MILLISECONDS);
      before = now;
      left -= 1;
      if (left > 0) {
        requestAnimationFrame(next);
        return;
      }
      this.#watching = false;
      // A single late frame may have had other reasons.
      this.#cost = this.#cost === 0 ? latest : (this.#cost + latest) / 2;
    };
    requestAnimationFrame(next);
  }
}
