import type { CallOptions, Client, Contract } from "./contract.ts";
import { Connection } from "./connection.ts";
import type { MessagePortLike } from "./port.ts";
import { StreamReader } from "./stream-reader.ts";

export interface ConnectOptions {
  /** Items a stream may be ahead of its reader. */
  readonly window?: number;
}

/**
 * Calls a contract at the other end of `port`. Once the port closes, everything in flight and every later call is
 * rejected with `disconnected`. Answers are not parsed: the host is ours, and its outputs are checked in tests.
 */
export function connectContract<C extends Contract>(
  contract: C,
  port: MessagePortLike,
  options: ConnectOptions = {},
): Client<C> {
  const connection = new Connection(port);
  const window = options.window ?? 4;
  const client: Record<string, Record<string, unknown>> = {};
  for (const [service, methods] of Object.entries(contract)) {
    const callable: Record<string, unknown> = {};
    for (const [method, { kind }] of Object.entries(methods)) {
      callable[method] = (input?: unknown, { signal }: CallOptions = {}): unknown => {
        switch (kind) {
          case "call":
            return connection.call(service, method, input, signal);
          case "stream":
            // Nothing is sent before the first item is asked for; every loop is a call of its own.
            return {
              [Symbol.asyncIterator]: () =>
                new StreamReader(connection, { service, method, input, window, signal }),
            };
        }
      };
    }
    client[service] = callable;
  }
  return client as Client<C>;
}
