import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { RpcError } from "#shared/rpc/errors.ts";

export interface DownloadOptions {
  /** What the whole file's sum has to be, in hexadecimal. */
  readonly sha256: string;
  /** Told how much of the file is there. */
  readonly onProgress: (bytes: number) => void;
  /** How long to wait before trying again, in milliseconds; one try more than there are numbers. */
  readonly pauses?: readonly number[];
  readonly signal: AbortSignal;
}

const defaultPauses = [1000, 5000, 15_000];

/**
 * Fetches a file, going on where an earlier try was cut off: until it is whole it is `target` with `.part` behind it. Rejects with `conflict` when
 * the sum is another (the file is removed then), and with `disconnected` when the server can't be reached or ends too early every time.
 */
export async function downloadFile(url: string, target: string, options: DownloadOptions): Promise<void> {
  if ((await fileBytes(target)) !== null) {
    return;
  }
  const part = `${target}.part`;
  const pauses = options.pauses ?? defaultPauses;
  for (let attempt = 0; ; attempt += 1) {
    try {
      await fetchRest(url, part, options);
      break;
    } catch (error) {
      options.signal.throwIfAborted();
      const pause = pauses[attempt];
      if (error instanceof RpcError || pause === undefined) {
        throw error instanceof RpcError
          ? error
          : new RpcError(
              "disconnected",
              `${url} could not be fetched: ${reasonOf(error)}. What is there is kept; try again.`,
              {
                cause: error,
              },
            );
      }
      await wait(pause, undefined, { signal: options.signal });
    }
  }
  const actual = await sha256Of(part, options.signal);
  if (actual !== options.sha256) {
    await rm(part, { force: true });
    throw new RpcError(
      "conflict",
      `${path.basename(target)} is not the file that was expected (sha256 ${options.sha256}): what ${new URL(url).host} sent has ${actual}. It was removed.`,
    );
  }
  await rename(part, target);
}

async function fetchRest(url: string, part: string, { onProgress, signal }: DownloadOptions): Promise<void> {
  let offset = (await fileBytes(part)) ?? 0;
  onProgress(offset);
  const answer = await fetch(url, {
    headers: { ...(offset === 0 ? {} : { Range: `bytes=${offset}-` }), "Accept-Encoding": "identity" },
    signal,
  });
  if (answer.status === 416) {
    // All of it is there, or more: its sum tells.
    await answer.body?.cancel();
    return;
  }
  if (!answer.ok || answer.body === null) {
    const message = `${url} answered ${answer.status} ${answer.statusText}.`;
    // A server that is busy or being repaired may answer another time; one that refuses won't.
    throw answer.status >= 500 || answer.status === 429
      ? new Error(message)
      : new RpcError("not-found", message);
  }
  const goesOn =
    answer.status === 206 && answer.headers.get("content-range")?.startsWith(`bytes ${offset}-`) === true;
  if (!goesOn) {
    offset = 0;
  }
  const length = answer.headers.get("content-length");
  const whole = length === null ? null : offset + Number(length);
  const file = await open(part, goesOn ? "a" : "w");
  try {
    for await (const chunk of answer.body) {
      await file.write(chunk as Uint8Array);
      offset += (chunk as Uint8Array).byteLength;
      onProgress(offset);
    }
  } finally {
    await file.close();
  }
  if (whole !== null && offset < whole) {
    throw new Error(`it ended after ${offset} of ${whole} bytes`);
  }
}

/** A file's length; null where there is none. */
async function fileBytes(filePath: string): Promise<number | null> {
  return stat(filePath).then(
    ({ size }) => size,
    () => null,
  );
}

async function sha256Of(filePath: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(filePath, { signal, highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest("hex");
}

/** `fetch` says "fetch failed" and keeps the reason one level deeper. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.cause instanceof Error ? error.cause.message : error.message;
}
