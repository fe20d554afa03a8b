import { toRpcError } from "#shared/rpc/errors.ts";
import type { RpcError } from "#shared/rpc/errors.ts";
import type { LinkState } from "./connect-host.ts";

/** How the page stands with its host, as far as streams need to know. */
export interface LinkStatus {
  readonly state: LinkState;
  onChange(listener: (state: LinkState) => void): () => void;
}

interface WatchOptions {
  /** The host refused for good: what was watched isn't there. */
  readonly onRefused?: (error: RpcError) => void;
  readonly signal: AbortSignal;
}

/** Long enough for a lost port to be noticed, so that the wait for the connection sees that it is gone. */
const RETRY_MILLISECONDS = 400;

/**
 * Hands over every item of a stream; begins it anew when the host was lost and has come back. Resolves when the stream
 * ends by itself, is refused, or `signal` is aborted; never rejects.
 */
export async function watchStream<Item>(
  link: LinkStatus,
  open: (signal: AbortSignal) => AsyncIterable<Item>,
  take: (item: Item) => void,
  { onRefused, signal }: WatchOptions,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const item of open(signal)) {
        if (signal.aborted) {
          return;
        }
        take(item);
      }
      return;
    } catch (thrown) {
      if (signal.aborted) {
        return;
      }
      const error = toRpcError(thrown);
      switch (error.code) {
        case "not-found":
        case "invalid-input":
        case "unsupported":
        case "conflict":
        case "damaged":
          onRefused?.(error);
          return;
        case "cancelled":
        case "disconnected":
        case "internal":
        case "out-of-memory":
          await pause(RETRY_MILLISECONDS, signal);
          await untilConnected(link, signal);
      }
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}

function untilConnected(link: LinkStatus, signal: AbortSignal): Promise<void> {
  if (link.state.kind === "connected" || signal.aborted) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const stop = link.onChange(({ kind }) => {
      if (kind === "connected") {
        done();
      }
    });
    signal.addEventListener("abort", done);
  });
}
