import { RpcError } from "#shared/rpc/errors.ts";

/** Why a job ends when the host does: what can go on at the next start keeps itself for it. */
export class HostClosing extends RpcError {
  constructor() {
    super("cancelled", "Orthomask was closed.");
  }
}
