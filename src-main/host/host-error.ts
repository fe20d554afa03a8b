import { RpcError, toRpcError } from "#shared/rpc/errors.ts";
import type { RpcErrorCode } from "#shared/rpc/errors.ts";
import { RasterError } from "../raster/index.ts";
import type { RasterErrorCode } from "../raster/index.ts";

const codeOfRasterError: Readonly<Record<RasterErrorCode, RpcErrorCode>> = {
  "not-found": "not-found",
  "not-a-raster": "unsupported",
  damaged: "unsupported",
  unsupported: "unsupported",
  "invalid-request": "invalid-input",
  "write-failed": "conflict",
};

/** Whatever was thrown below the contract, as the error that crosses it; failures of files keep their sentence. */
export function toHostError(thrown: unknown): RpcError {
  if (thrown instanceof RasterError) {
    return new RpcError(codeOfRasterError[thrown.code], thrown.message, { cause: thrown });
  }
  return toRpcError(thrown);
}
