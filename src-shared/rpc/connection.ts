import { RpcError } from "./errors.ts";
import { hostMessageSchema } from "./messages.ts";
import type { ClientMessage, HostMessage } from "./messages.ts";
import type { MessagePortLike } from "./port.ts";

/** What waits for the host's messages of one call. */
export interface Receiver {
  receive(message: HostMessage): void;
  fail(error: RpcError): void;
}

/** The client's end of a port: counts ids and sorts answers by them. */
export class Connection {
  readonly #port: MessagePortLike;
  readonly #receivers = new Map<number, Receiver>();
  #nextId = 0;
  #closed = false;

  constructor(port: MessagePortLike) {
    this.#port = port;
    port.onMessage((raw) => {
      const parsed = hostMessageSchema.safeParse(raw);
      if (parsed.success) {
        // A message of an unknown id answers a call that was cancelled meanwhile.
        this.#receivers.get(parsed.data.id)?.receive(parsed.data);
      }
    });
    port.onClose(() => {
      this.#closed = true;
      const receivers = [...this.#receivers.values()];
      this.#receivers.clear();
      for (const receiver of receivers) {
        receiver.fail(disconnected());
      }
    });
  }

  async call(
    service: string,
    method: string,
    input: unknown,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    throwIfAborted(signal);
    let cancel = (): void => undefined;
    try {
      return await new Promise((resolve, reject) => {
        const id = this.begin(service, method, input, {
          receive: (message) => {
            this.forget(message.id);
            switch (message.kind) {
              case "result":
                resolve(message.value);
                return;
              case "error":
                reject(new RpcError(message.code, message.message));
                return;
              case "item":
              case "end":
                reject(new RpcError("internal", `${service}.${method} answered a call with a stream.`));
                return;
            }
          },
          fail: reject,
        });
        cancel = (): void => {
          this.cancel(id);
          reject(cancelled());
        };
        signal?.addEventListener("abort", cancel);
      });
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Sends a call and hands its answers to `receiver` until it is forgotten. Throws what can't be sent. */
  begin(service: string, method: string, input: unknown, receiver: Receiver): number {
    if (this.#closed) {
      throw disconnected();
    }
    const id = this.#nextId;
    this.#nextId += 1;
    this.#receivers.set(id, receiver);
    try {
      this.post({ kind: "call", id, service, method, input });
    } catch (error) {
      this.forget(id);
      const reason = error instanceof Error ? error.message : String(error);
      throw new RpcError("invalid-input", `${service}.${method}: its input can't be sent: ${reason}`, {
        cause: error,
      });
    }
    return id;
  }

  post(message: ClientMessage): void {
    if (!this.#closed) {
      this.#port.post(message);
    }
  }

  cancel(id: number): void {
    if (this.#receivers.delete(id)) {
      this.post({ kind: "cancel", id });
    }
  }

  forget(id: number): void {
    this.#receivers.delete(id);
  }
}

/** The error of a call that its caller gave up. */
export function cancelled(): RpcError {
  return new RpcError("cancelled", "Cancelled.");
}

function disconnected(): RpcError {
  return new RpcError("disconnected", "The connection to the other process is gone.");
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw cancelled();
  }
}
