/** Images that are being read, for telling whether all of them fit into the cache together. */
export class OpenImages {
  readonly #bytesOf = new Map<string, number>();
  #total = 0;

  /** Decoded bytes of all of them. */
  get totalBytes(): number {
    return this.#total;
  }

  add(key: string, bytes: number): void {
    this.remove(key);
    this.#bytesOf.set(key, bytes);
    this.#total += bytes;
  }

  remove(key: string): void {
    this.#total -= this.#bytesOf.get(key) ?? 0;
    this.#bytesOf.delete(key);
  }
}
