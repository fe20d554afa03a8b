/** What waits for its turn in a lane. */
interface Waiting<Key> {
  readonly key: Key;
  begin(): void;
}

interface Lane<Key> {
  current: Key | null;
  readonly waiting: Waiting<Key>[];
}

/** Lines in which one thing at a time has its turn, and those behind it can be put into another order. */
export class Lanes<Key> {
  readonly #lanes = new Map<string, Lane<Key>>();

  /** Whether a lane has nothing under way. */
  isFree(lane: string): boolean {
    return (this.#lanes.get(lane)?.current ?? null) === null;
  }

  /** Takes the turn in a free lane; false where it has to be waited for. */
  tryEnter(name: string, key: Key): boolean {
    const lane = this.#lane(name);
    if (lane.current !== null) {
      return false;
    }
    lane.current = key;
    return true;
  }

  /** Waits for the turn, which the caller gives back with `leave`; resolves without it once `signal` aborts. */
  async enter(name: string, key: Key, options: { readonly signal: AbortSignal }): Promise<void> {
    const { signal } = options;
    if (this.tryEnter(name, key)) {
      return;
    }
    const { waiting } = this.#lane(name);
    await new Promise<void>((resolve) => {
      const giveUp = (): void => {
        const index = waiting.findIndex((one) => one.key === key);
        if (index >= 0) {
          waiting.splice(index, 1);
        }
        resolve();
      };
      waiting.push({
        key,
        begin: () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        },
      });
      signal.addEventListener("abort", giveUp, { once: true });
      if (signal.aborted) {
        giveUp();
      }
    });
  }

  /** Gives the turn to the next; nothing happens for one that never had it. */
  leave(name: string, key: Key): void {
    const lane = this.#lane(name);
    if (lane.current !== key) {
      return;
    }
    const next = lane.waiting.shift();
    lane.current = next?.key ?? null;
    next?.begin();
  }

  /** Lets two that wait change places; nothing happens where one doesn't wait any more. */
  exchange(name: string, first: Key, second: Key): void {
    const { waiting } = this.#lane(name);
    const [here, there] = [first, second].map((key) => waiting.findIndex((one) => one.key === key));
    const [one, other] = [waiting[here ?? -1], waiting[there ?? -1]];
    if (here !== undefined && there !== undefined && one !== undefined && other !== undefined) {
      waiting[here] = other;
      waiting[there] = one;
    }
  }

  #lane(name: string): Lane<Key> {
    const lane = this.#lanes.get(name) ?? { current: null, waiting: [] };
    this.#lanes.set(name, lane);
    return lane;
  }
}
