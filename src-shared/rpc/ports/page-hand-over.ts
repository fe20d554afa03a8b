/**
 * How the page of the desktop app gets its port to the host. The preload script puts a `PortRequester` on `window`; the page asks
 * as often as it needs one (after a reload, after the host was lost) and is answered by messages on its own window.
 */
export interface PortRequester {
  request(): void;
}

/** The property of `window` that holds the `PortRequester`. */
export const PORT_REQUESTER = "orthomaskPort";

/** The query of the page's address when the shell has loaded it again because its process had ended. */
export const RESTARTED_QUERY = "?restarted";

/** What the preload script posts to the page; `port` messages carry a `MessagePort` beside them. */
export type HandOverMessage =
  | { readonly kind: "orthomask:port" }
  /** The host can't be started, or has ended by itself: every port to it is dead. */
  | { readonly kind: "orthomask:host-gone"; readonly reason: string };

/** The hand-over message in what came with a window's `message` event; null for messages of others. */
export function handOverMessage(data: unknown): HandOverMessage | null {
  if (typeof data !== "object" || data === null || !("kind" in data)) {
    return null;
  }
  if (data.kind === "orthomask:port") {
    return { kind: data.kind };
  }
  if (data.kind === "orthomask:host-gone" && "reason" in data && typeof data.reason === "string") {
    return { kind: data.kind, reason: data.reason };
  }
  return null;
}
