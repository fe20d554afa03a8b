import type { AppContract } from "#shared/contract.ts";
import type { Client } from "#shared/rpc/contract.ts";
import { toRpcError } from "#shared/rpc/errors.ts";
import type { LinkStatus } from "./watch-stream.ts";

/** What the state classes need of the host: calls, and news of the connection. */
export interface HostAccess {
  readonly client: Client<AppContract>;
  readonly link: LinkStatus;
}

/** The sentence to show for whatever a call threw. */
export function sentenceOf(thrown: unknown): string {
  return toRpcError(thrown).message;
}

/** Whether a call failed only because nobody waits for it any more. */
export function isCancelled(thrown: unknown): boolean {
  return toRpcError(thrown).code === "cancelled";
}

/** Whether trying again later may simply work: cancelled, or the host gone for a moment. */
export function isPassing(thrown: unknown): boolean {
  const { code } = toRpcError(thrown);
  return code === "cancelled" || code === "disconnected";
}
