/** The last characters of a text that comes in pieces. */
export class TextTail {
  readonly #length: number;
  #text = "";

  constructor(length: number) {
    this.#length = length;
  }

  get text(): string {
    return this.#text;
  }

  add(piece: string): void {
    this.#text = (this.#text + piece).slice(-this.#length);
  }
}
