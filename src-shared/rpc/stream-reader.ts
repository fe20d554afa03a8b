import { cancelled } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { RpcError } from "./errors.ts";
import type { HostMessage } from "./messages.ts";

export interface StreamRequest {
  readonly service: string;
  readonly method: string;
  readonly input: unknown;
  /** Items the host may be ahead. */
  readonly window: number;
  readonly signal: AbortSignal | undefined;
}

type Outcome =
  | { readonly kind: "open" }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly error: RpcError };
type Step = IteratorResult<unknown, undefined>;

/**
 * One loop over a stream. Written out rather than as an async generator because a generator's `return` waits for the `next`
 * in flight, and leaving must cancel at once.
 */
export class StreamReader implements AsyncIterator<unknown, undefined> {
  readonly #connection: Connection;
  readonly #request: StreamRequest;
  readonly #items: unknown[] = [];
  readonly #waiting: { resolve: (step: Step) => void; reject: (error: RpcError) => void }[] = [];
  #id: number | null = null;
  #outcome: Outcome = { kind: "open" };

  constructor(connection: Connection, request: StreamRequest) {
    this.#connection = connection;
    this.#request = request;
  }

  next(): Promise<Step> {
    try {
      this.#begin();
    } catch (error) {
      this.#finish({ kind: "failed", error: error as RpcError });
    }
    if (this.#items.length > 0) {
      const value = this.#items.shift();
      this.#allow(1);
      return Promise.resolve({ done: false, value });
    }
    switch (this.#outcome.kind) {
      case "ended":
        return Promise.resolve({ done: true, value: undefined });
      case "failed": {
        // Reported once, as a generator would.
        const { error } = this.#outcome;
        this.#outcome = { kind: "ended" };
        return Promise.reject(error);
      }
      case "open":
        return new Promise((resolve, reject) => {
          this.#waiting.push({ resolve, reject });
        });
    }
  }

  return(): Promise<Step> {
    if (this.#id !== null) {
      this.#connection.cancel(this.#id);
    }
    this.#items.length = 0;
    this.#finish({ kind: "ended" });
    return Promise.resolve({ done: true, value: undefined });
  }

  #begin(): void {
    if (this.#id !== null || this.#outcome.kind !== "open") {
      return;
    }
    const { service, method, input, window, signal } = this.#request;
    if (signal?.aborted === true) {
      throw cancelled();
    }
    this.#id = this.#connection.begin(service, method, input, {
      receive: (message) => {
        this.#receive(message);
      },
      fail: (error) => {
        this.#finish({ kind: "failed", error });
      },
    });
    signal?.addEventListener("abort", this.#abort);
    this.#allow(window);
  }

  #receive(message: HostMessage): void {
    switch (message.kind) {
      case "item": {
        const waiting = this.#waiting.shift();
        if (waiting === undefined) {
          this.#items.push(message.value);
        } else {
          this.#allow(1);
          waiting.resolve({ done: false, value: message.value });
        }
        return;
      }
      case "end":
        this.#finish({ kind: "ended" });
        return;
      case "error":
        this.#finish({ kind: "failed", error: new RpcError(message.code, message.message) });
        return;
      case "result":
        this.#finish({
          kind: "failed",
          error: new RpcError(
            "internal",
            `${this.#request.service}.${this.#request.method} answered only once.`,
          ),
        });
        return;
    }
  }

  readonly #abort = (): void => {
    if (this.#id !== null) {
      this.#connection.cancel(this.#id);
    }
    this.#items.length = 0;
    this.#finish({ kind: "failed", error: cancelled() });
  };

  #allow(count: number): void {
    if (this.#id !== null && this.#outcome.kind === "open") {
      this.#connection.post({ kind: "more", id: this.#id, count });
    }
  }

  #finish(outcome: Exclude<Outcome, { kind: "open" }>): void {
    if (this.#outcome.kind !== "open") {
      return;
    }
    this.#request.signal?.removeEventListener("abort", this.#abort);
    if (this.#id !== null) {
      this.#connection.forget(this.#id);
    }
    this.#outcome = outcome;
    const waiting = this.#waiting.splice(0);
    for (const [index, { resolve, reject }] of waiting.entries()) {
      if (outcome.kind === "failed" && index === 0) {
        this.#outcome = { kind: "ended" };
        reject(outcome.error);
      } else {
        resolve({ done: true, value: undefined });
      }
    }
  }
}
