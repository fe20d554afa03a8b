import { setMaxListeners } from "node:events";

/**
 * Makes `count` items in order, up to `depth` of them before they are asked for. When the loop is left or the signal aborts, what is in the
 * making is aborted and its failure is nobody's.
 */
export async function* aheadOf<T>(
  count: number,
  depth: number,
  make: (index: number, signal: AbortSignal) => Promise<T>,
  options: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<T> {
  const controller = new AbortController();
  const signal =
    options.signal === undefined ? controller.signal : AbortSignal.any([controller.signal, options.signal]);
  // Every read of every item under way listens to it: many listeners are no leak here.
  setMaxListeners(0, signal);
  const queue: Promise<T>[] = [];
  let next = 0;
  const fill = (): void => {
    while (next < count && queue.length < depth) {
      const item = make(next, signal);
      // It is awaited later or not at all: meanwhile a failure must not end the process.
      item.catch(() => undefined);
      queue.push(item);
      next++;
    }
  };
  try {
    fill();
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const value = await item;
      signal.throwIfAborted();
      fill();
      yield value;
    }
  } finally {
    controller.abort(new DOMException("The reader has left.", "AbortError"));
  }
}
