/**
 * The value now and after each change, as a stream that ends when `signal` aborts. A slow reader misses what was overtaken, never
 * the latest.
 */
export async function* latestValues<T>(
  read: () => T,
  subscribe: (listener: () => void) => () => void,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<T, void, undefined> {
  let changed = true;
  let wake: () => void = () => undefined;
  const notify = (): void => {
    changed = true;
    wake();
  };
  const stop = subscribe(notify);
  signal.addEventListener("abort", notify);
  try {
    while (!signal.aborted) {
      if (changed) {
        changed = false;
        yield read();
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    stop();
    signal.removeEventListener("abort", notify);
  }
}
