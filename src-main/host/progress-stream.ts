/** What a stream of work tells: how far it is, 0–1, and at last what it came to. */
export type ProgressItem<Result> =
  | { readonly kind: "progress"; readonly share: number }
  | { readonly kind: "result"; readonly result: Result };

/** Does work and tells how far it is meanwhile; shares that nobody took yet are replaced by later ones. Whoever leaves the stream aborts `signal`, and so the work. */
export async function* withProgress<Result>(
  work: (options: {
    readonly signal: AbortSignal;
    readonly onProgress: (share: number) => void;
  }) => Promise<Result>,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<ProgressItem<Result>> {
  let share: number | null = null;
  let wake: () => void = () => undefined;
  const ended = work({
    signal,
    onProgress: (next) => {
      share = next;
      wake();
    },
  }).then((result) => ({ kind: "result", result }) as const);
  // A failure is told when its turn comes, and isn't without a listener until then.
  ended.catch(() => undefined);
  for (;;) {
    const told = new Promise<null>((resolve) => {
      wake = () => {
        resolve(null);
      };
    });
    const item = share === null ? await Promise.race([ended, told]) : null;
    if (item !== null) {
      yield item;
      return;
    }
    if (share !== null) {
      const reached: number = share;
      share = null;
      yield { kind: "progress", share: reached };
    }
  }
}
