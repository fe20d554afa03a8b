import { z } from "zod";

/** Why a call failed, as far as a program can act on it; the closed list of the contract. */
export const rpcErrorCodeSchema = z.enum([
  "invalid-input",
  "not-found",
  "conflict",
  "unsupported",
  /** What was kept is damaged or gone, and the call says how to go on without it. */
  "damaged",
  "out-of-memory",
  "cancelled",
  "disconnected",
  "internal",
]);
export type RpcErrorCode = z.infer<typeof rpcErrorCodeSchema>;

/** A failure that crosses between processes: a code to act on and a sentence to show. */
export class RpcError extends Error {
  readonly code: RpcErrorCode;

  constructor(code: RpcErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "RpcError";
    this.code = code;
  }
}

/**
 * Whatever was thrown, as an `RpcError`: one that carries a code of the list keeps it (so that layers below the
 * contract need not import this class), anything else is `internal`. Stacks stay where they are.
 */
export function toRpcError(thrown: unknown): RpcError {
  if (thrown instanceof RpcError) {
    return thrown;
  }
  if (thrown instanceof Error) {
    const code = rpcErrorCodeSchema.safeParse("code" in thrown ? thrown.code : undefined);
    if (code.success) {
      return new RpcError(code.data, thrown.message, { cause: thrown });
    }
    if (thrown.name === "AbortError") {
      return new RpcError("cancelled", thrown.message, { cause: thrown });
    }
    return new RpcError("internal", thrown.message === "" ? thrown.name : thrown.message, { cause: thrown });
  }
  return new RpcError(
    "internal",
    typeof thrown === "string" ? thrown : "Something failed without saying what.",
  );
}
