import path from "node:path";
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

/** What the system's refusals mean, and what the user can do about them. */
const refusals: Readonly<Record<string, { readonly code: RpcErrorCode; readonly sentence: string }>> = {
  ENOENT: { code: "not-found", sentence: "there is no such file or folder" },
  ENOTDIR: { code: "conflict", sentence: "a file stands where a folder is expected" },
  EISDIR: { code: "conflict", sentence: "a folder stands where a file is expected" },
  EEXIST: { code: "conflict", sentence: "something of that name is there already" },
  EACCES: { code: "conflict", sentence: "reading or writing there is not permitted" },
  EPERM: { code: "conflict", sentence: "reading or writing there is not permitted" },
  EROFS: { code: "conflict", sentence: "this disk can only be read; choose another folder" },
  ENOSPC: { code: "conflict", sentence: "the disk is full; make room and try again" },
  EDQUOT: { code: "conflict", sentence: "your share of the disk is full; make room and try again" },
  EFBIG: { code: "conflict", sentence: "the disk does not take files of this size" },
};

/**
 * A refusal by the system as a sentence that names the path, the given one where the error itself has none. A full disk is told of without one too, since what is
 * written to an open file fails without; all else is as it was thrown.
 */
export function fileError(thrown: unknown, filePath: string | null = null): unknown {
  const code = errnoOf(thrown);
  const refusal = code === null ? undefined : refusals[code];
  const named =
    thrown instanceof Error && "path" in thrown && typeof thrown.path === "string" ? thrown.path : null;
  const shown = filePath ?? named;
  if (refusal === undefined || (shown === null && !isDiskFull(thrown))) {
    return thrown;
  }
  const sentence =
    shown === null
      ? `${refusal.sentence.slice(0, 1).toUpperCase()}${refusal.sentence.slice(1)}.`
      : `${shown}: ${refusal.sentence}.`;
  return new RpcError(refusal.code, sentence, { cause: thrown });
}

/** Whether something failed, at whatever depth, because there is no room on the disk. */
export function isDiskFull(thrown: unknown): boolean {
  const code = errnoOf(thrown);
  return (
    code === "ENOSPC" ||
    code === "EDQUOT" ||
    (thrown instanceof Error && thrown.cause !== undefined && isDiskFull(thrown.cause))
  );
}

/** The system's code of an error, also of one that has crossed from another process, of which only the sentence is left. */
function errnoOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error)) {
    return null;
  }
  if ("code" in thrown && typeof thrown.code === "string" && thrown.code in refusals) {
    return thrown.code;
  }
  // Whoever passed a full disk on may have put its own words before.
  const stated = /^(E[A-Z]+): |: (ENOSPC|EDQUOT): /
    .exec(thrown.message)
    ?.slice(1)
    .find((code) => code !== undefined);
  return stated !== undefined && stated in refusals ? stated : null;
}

/** Does what a method of the contract does; what it throws crosses as `toHostError` has it. */
export async function withHostErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toHostError(error);
  }
}

/** Whatever was thrown below the contract, as the error that crosses it; failures of files keep their sentence. */
export function toHostError(thrown: unknown): RpcError {
  if (thrown instanceof RasterError) {
    const { code, message, filePath } = thrown;
    const base = path.basename(filePath);
    // Who reads can see which file is meant; where writing failed, it is the folder that matters.
    const shown =
      code === "write-failed" && message.startsWith(base)
        ? `${filePath}${message.slice(base.length)}`
        : message;
    return new RpcError(codeOfRasterError[code], shown, { cause: thrown });
  }
  return toRpcError(fileError(thrown));
}
