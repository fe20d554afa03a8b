import { z } from "zod";
import type { CallContext, Contract, Implementation, Method } from "./contract.ts";
import { Credit } from "./credit.ts";
import { RpcError, toRpcError } from "./errors.ts";
import { callIdOf, clientMessageSchema } from "./messages.ts";
import type { ClientMessage, HostMessage } from "./messages.ts";
import type { MessagePortLike } from "./port.ts";

export interface ServeOptions {
  /** Also parses what the implementation answers; for tests, since it costs time. */
  readonly checkOutputs?: boolean;
  /** Told of every failure that isn't the caller's doing (`internal`), with the stack that the caller doesn't get. */
  readonly onInternalError?: (error: unknown, service: string, method: string) => void;
  /** Makes of what a method threw what the caller is told of; as it was thrown when left out. */
  readonly toError?: (thrown: unknown) => unknown;
}

/** How many of a value's faults an answer tells. */
const SHOWN_FAULTS = 8;

type CallMessage = Extract<ClientMessage, { kind: "call" }>;
type Handler = (input: unknown, context: CallContext) => unknown;

interface InFlight {
  readonly controller: AbortController;
  readonly credit: Credit;
}

/**
 * Carries out a contract for whoever is at the other end of `port`, until it closes or the returned function is called:
 * then everything in flight is aborted. Malformed messages are answered when they carry an id and ignored otherwise.
 */
export function serveContract<C extends Contract>(
  contract: C,
  implementation: Implementation<C>,
  port: MessagePortLike,
  options: ServeOptions = {},
): () => void {
  const inFlight = new Map<number, InFlight>();
  let stopped = false;

  function stop(): void {
    stopped = true;
    for (const { controller } of inFlight.values()) {
      controller.abort(new RpcError("disconnected", "The caller is gone."));
    }
    inFlight.clear();
  }

  /** Forgotten at once: a method that ignores its signal would otherwise be held for as long as it runs. */
  function abort(id: number, reason: string): void {
    const entry = inFlight.get(id);
    inFlight.delete(id);
    entry?.controller.abort(new RpcError("cancelled", reason));
  }

  function post(message: HostMessage): void {
    if (!stopped) {
      port.post(message);
    }
  }

  function postError(id: number, thrown: unknown): void {
    const { code, message } = toRpcError(thrown);
    post({ kind: "error", id, code, message });
  }

  function start(message: CallMessage): void {
    const { id } = message;
    if (inFlight.has(id)) {
      // From here on nobody could tell the two calls' answers apart.
      abort(id, "Its id was used again.");
      postError(id, new RpcError("invalid-input", `Call id ${id} is in use.`));
      return;
    }
    const entry: InFlight = { controller: new AbortController(), credit: new Credit() };
    inFlight.set(id, entry);
    void carryOut(message, entry).finally(() => {
      if (inFlight.get(id) === entry) {
        inFlight.delete(id);
      }
    });
  }

  async function carryOut(message: CallMessage, { controller, credit }: InFlight): Promise<void> {
    const { id, service, method } = message;
    const { signal } = controller;
    try {
      const definition = findMethod(contract, service, method);
      const input = parseInput(definition, message);
      const handler: Handler = (value, context) => {
        // The contract's types tie each method to its definition; by name, that can't be expressed.
        const owner = (implementation as Record<string, Record<string, Handler>>)[service];
        if (typeof owner?.[method] !== "function") {
          throw new RpcError("unsupported", `${service}.${method} is not available here.`);
        }
        return owner[method](value, context);
      };
      switch (definition.kind) {
        case "call": {
          const value = await handler(input, { signal });
          if (!signal.aborted) {
            post({ kind: "result", id, value: checked(definition.output, value) });
          }
          return;
        }
        case "stream": {
          const items = handler(input, { signal }) as AsyncIterable<unknown>;
          for await (const value of taken(items, credit, signal)) {
            post({ kind: "item", id, value: checked(definition.item, value) });
          }
          if (!signal.aborted) {
            post({ kind: "end", id });
          }
          return;
        }
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      const known = toRpcError(options.toError?.(error) ?? error);
      if (known.code === "internal") {
        options.onInternalError?.(error, service, method);
      }
      postError(id, known);
    }
  }

  function checked(schema: z.ZodType, value: unknown): unknown {
    if (options.checkOutputs !== true) {
      return value;
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      throw new RpcError("internal", `The answer breaks the contract: ${z.prettifyError(parsed.error)}`);
    }
    return parsed.data;
  }

  port.onMessage((raw) => {
    if (stopped) {
      return;
    }
    const parsed = clientMessageSchema.safeParse(raw);
    if (!parsed.success) {
      const id = callIdOf(raw);
      if (id !== null) {
        abort(id, "Its caller sent a malformed message.");
        postError(id, new RpcError("invalid-input", `Malformed message: ${faultsOf(parsed.error)}`));
      }
      return;
    }
    const message = parsed.data;
    switch (message.kind) {
      case "call":
        start(message);
        return;
      case "more":
        inFlight.get(message.id)?.credit.add(message.count);
        return;
      case "cancel":
        abort(message.id, "The caller cancelled.");
        return;
    }
  });
  port.onClose(stop);
  return stop;
}

function findMethod(contract: Contract, service: string, method: string): Method {
  // Own properties only: names come from outside, and `constructor` is a property of every object.
  const methods = Object.hasOwn(contract, service) ? contract[service] : undefined;
  const definition = methods !== undefined && Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (definition === undefined) {
    throw new RpcError("not-found", `There is no method ${service}.${method}.`);
  }
  return definition;
}

/** What is wrong with a value, in words; of an array with a million wrong items the first few. */
function faultsOf(error: z.ZodError): string {
  const { length } = error.issues;
  const shown = z.prettifyError(new z.ZodError(error.issues.slice(0, SHOWN_FAULTS)));
  return length > SHOWN_FAULTS ? `${shown}\n… and ${length - SHOWN_FAULTS} more.` : shown;
}

function parseInput(definition: Method, { service, method, input }: CallMessage): unknown {
  const parsed = definition.input.safeParse(input);
  if (!parsed.success) {
    throw new RpcError("invalid-input", `${service}.${method}: ${faultsOf(parsed.error)}`);
  }
  return parsed.data;
}

/**
 * The items of `items`, each asked for only once there is credit for it. When `signal` aborts, the iteration ends at once
 * and the source's `finally` runs as soon as what it awaits settles, so sources pass the signal on to what they await.
 */
async function* taken(
  items: AsyncIterable<unknown>,
  credit: Credit,
  signal: AbortSignal,
): AsyncGenerator<unknown, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  let ended = false;
  const leave = (): void => {
    if (!ended) {
      ended = true;
      // Nobody is left to be told of a failure while cleaning up.
      iterator.return?.().then(undefined, () => undefined);
    }
  };
  signal.addEventListener("abort", leave);
  try {
    while (await credit.take(signal)) {
      const step = await iterator.next();
      if (step.done === true) {
        ended = true;
        return;
      }
      if (signal.aborted) {
        return;
      }
      yield step.value;
    }
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}
