/** What the page measures of itself, as performance entries for whoever observes them (`npm run bench -- label-paint`). */
export type MeasuredWork = "pointer-to-paint" | "undo" | "undo-issued" | "fill" | "superpixels" | "segment";

/** Notes how long something took since `start` (of `performance.now` or `Event.timeStamp`). */
export function noteDuration(work: MeasuredWork, start: number): void {
  const name = `orthomask:${work}`;
  performance.measure(name, { start, end: performance.now() });
  // Whoever observes them has them now; kept, they would grow with every stroke.
  performance.clearMeasures(name);
}

const channel = new MessageChannel();
let whenPainted: (() => void)[] = [];

channel.port2.onmessage = () => {
  const calls = whenPainted;
  whenPainted = [];
  for (const call of calls) {
    call();
  }
};

/** Calls back when the next frame has been handed to the compositor: what is posted in an animation frame arrives after that frame was painted. */
export function afterPaint(call: () => void): void {
  whenPainted.push(call);
  if (whenPainted.length === 1) {
    requestAnimationFrame(() => {
      channel.port1.postMessage(null);
    });
  }
}
