/**
 * One end of a two-way channel that carries structured values (what `structuredClone` accepts, `undefined` fields and
 * typed arrays included), in order, each once.
 */
export interface MessagePortLike {
  /** Sends a copy. Throws when the value can't be copied (a function in it); does nothing once closed. */
  post(message: unknown): void;
  /** Messages that came before the first listener are kept for it. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, whichever side closed; at once when that has happened already. */
  onClose(listener: () => void): void;
  close(): void;
}

/** The listening half of every port: keeps early messages and remembers that it was closed. */
export class PortEvents {
  #messageListeners: ((message: unknown) => void)[] = [];
  #closeListeners: (() => void)[] = [];
  #early: unknown[] = [];
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#messageListeners.push(listener);
    const early = this.#early;
    this.#early = [];
    for (const message of early) {
      listener(message);
    }
  }

  onClose(listener: () => void): void {
    if (this.#closed) {
      listener();
    } else {
      this.#closeListeners.push(listener);
    }
  }

  /** A message came in; nothing is delivered after closing. */
  receive(message: unknown): void {
    if (this.#closed) {
      return;
    }
    if (this.#messageListeners.length === 0) {
      this.#early.push(message);
      return;
    }
    for (const listener of this.#messageListeners) {
      listener(message);
    }
  }

  /** The channel is gone. Returns false when that was known. */
  close(): boolean {
    if (this.#closed) {
      return false;
    }
    this.#closed = true;
    const listeners = this.#closeListeners;
    this.#closeListeners = [];
    this.#messageListeners = [];
    this.#early = [];
    for (const listener of listeners) {
      listener();
    }
    return true;
  }
}
