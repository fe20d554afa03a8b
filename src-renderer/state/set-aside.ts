/**
 * Something chosen that others may lay aside while they look at what it covers. Only the choice is ever kept on the disk, so that a page that ends
 * meanwhile leaves nothing off. A value: each change is another one.
 */
export class SetAside<Value> {
  readonly chosen: Value;
  /** Who has laid it aside. */
  readonly #by: readonly symbol[];

  /** Chosen anew, and laid aside by nobody: who chooses wants to see it. */
  constructor(chosen: Value, by: readonly symbol[] = []) {
    this.chosen = chosen;
    this.#by = by;
  }

  get isAside(): boolean {
    return this.#by.length > 0;
  }

  laidAside(by: symbol): SetAside<Value> {
    return new SetAside(this.chosen, [...this.#by, by]);
  }

  /** Back, unless somebody else has laid it aside too. */
  broughtBack(by: symbol): SetAside<Value> {
    return new SetAside(
      this.chosen,
      this.#by.filter((other) => other !== by),
    );
  }
}

/** Lays aside what `eye` holds, unless somebody chooses it anew; returns how to end that. */
export function layAside<Value>(eye: {
  get: () => SetAside<Value>;
  set: (changed: SetAside<Value>) => void;
}): () => void {
  const by = Symbol("laid aside");
  eye.set(eye.get().laidAside(by));
  return () => {
    eye.set(eye.get().broughtBack(by));
  };
}
