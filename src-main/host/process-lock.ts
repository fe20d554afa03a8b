import { open, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { RpcError } from "#shared/rpc/errors.ts";
import { isRunning, startTicksOf } from "../raster/write/index.ts";
import { makeFolder } from "./make-folder.ts";

const ownerSchema = z.object({
  pid: z.int().positive(),
  /** When the process began, as its system counts it, so that a number given out again isn't taken for the same process; null where that can't be known. */
  processStart: z.string().nullable().default(null),
  host: z.string().default(() => hostname()),
  since: z.string().default("some time ago"),
});

/** Which process holds a lock. */
export type LockOwner = z.infer<typeof ownerSchema>;

/** A lock of another machine counts as left behind when it was not renewed for so long. */
const STALE_MILLISECONDS = 60_000;
const RENEW_MILLISECONDS = 15_000;
/** How often a lock is asked for that another process holds. */
const ASK_MILLISECONDS = 100;
/** Locks of crashed processes that are moved out of the way, one after the other. */
const MOST_STALE = 5;

/** How a lock is taken. */
export interface TakeOptions {
  /** How long its holder is asked for it before the refusal: one that looks at `isAskedFor` may let go of it. */
  readonly askMilliseconds?: number;
}

/** Locks of this process and what it wrote into them, so that a second project object in it is told from what a crashed process with the same number left. */
const heldHere = new Map<string, string>();

/** A file that says which process alone may change what it stands beside: the labels of a project, a run that is trained or waits to be. */
export class ProcessLock {
  readonly #path: string;
  readonly #written: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(lockPath: string, written: string) {
    this.#path = lockPath;
    this.#written = written;
    this.#timer = setInterval(() => {
      void this.#renew().catch(() => undefined);
    }, RENEW_MILLISECONDS);
    this.#timer.unref();
  }

  /**
   * Takes the lock; throws `conflict` with the sentence that `refusal` makes while another process that is still running has it and doesn't let go of it. What
   * a crashed one left is replaced.
   */
  static async take(
    lockPath: string,
    refusal: (owner: LockOwner | null) => string,
    { askMilliseconds = 0 }: TakeOptions = {},
  ): Promise<ProcessLock> {
    await makeFolder(path.dirname(lockPath));
    const until = performance.now() + askMilliseconds;
    let hasAsked = false;
    try {
      for (let stale = 0; stale < MOST_STALE;) {
        const written = await createLock(lockPath);
        if (written !== null) {
          heldHere.set(lockPath, written);
          return new ProcessLock(lockPath, written);
        }
        const owner = await readOwner(lockPath);
        if (owner === null || !(await isAlive(owner, lockPath))) {
          await removeStale(lockPath, owner);
          stale += 1;
        } else if (performance.now() >= until) {
          throw new RpcError("conflict", refusal(owner));
        } else {
          // Each time anew: whoever let go of it for another has taken the question for answered.
          await writeFile(askPathOf(lockPath), "");
          hasAsked = true;
          await new Promise((resolve) => setTimeout(resolve, ASK_MILLISECONDS));
        }
      }
      throw new RpcError("conflict", refusal(null));
    } finally {
      if (hasAsked) {
        await rm(askPathOf(lockPath), { force: true });
      }
    }
  }

  /** Who holds a lock now: this process, another one that is alive, or none. */
  static async holder(lockPath: string): Promise<"here" | "elsewhere" | "none"> {
    const written = heldHere.get(lockPath);
    // One that somebody deleted, or that can't be read now, nobody else has.
    if (written !== undefined && [written, "absent", "unreadable"].includes(await contentOf(lockPath))) {
      return "here";
    }
    const owner = await readOwner(lockPath);
    return owner !== null && (await isAlive(owner, lockPath)) ? "elsewhere" : "none";
  }

  /** Whether the file is still there and this lock's: a process that stood still for long may have been taken for a crashed one. */
  async isHeld(): Promise<boolean> {
    return [this.#written, "unreadable"].includes(await contentOf(this.#path));
  }

  /** Whether somebody asks for it. A question is answered by letting go of the lock: another one has to be asked anew. */
  async isAskedFor(): Promise<boolean> {
    return (await contentOf(askPathOf(this.#path))) !== "absent";
  }

  /** Lets go of it; a file that is another's by now stays. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    if (heldHere.get(this.#path) === this.#written) {
      heldHere.delete(this.#path);
    }
    if ((await contentOf(this.#path)) === this.#written) {
      await rm(askPathOf(this.#path), { force: true });
      await rm(this.#path, { force: true });
    }
  }

  async #renew(): Promise<void> {
    if ((await contentOf(this.#path)) === this.#written) {
      const now = new Date();
      await utimes(this.#path, now, now);
    }
  }
}

function askPathOf(lockPath: string): string {
  return `${lockPath}.asked`;
}

async function contentOf(lockPath: string): Promise<string> {
  try {
    return await readFile(lockPath, "utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "absent" : "unreadable";
  }
}

/** Makes the lock and answers what it wrote; null when there is one already. */
async function createLock(lockPath: string): Promise<string | null> {
  const owner: LockOwner = {
    pid: process.pid,
    processStart: startTicksOf(process.pid),
    host: hostname(),
    since: new Date().toISOString(),
  };
  // Only one process makes it; who reads it before it is written whole gets null and looks again.
  try {
    const file = await open(lockPath, "wx");
    const written = JSON.stringify({ ...owner, lock: randomUUID() });
    try {
      await file.writeFile(written);
    } finally {
      await file.close();
    }
    return written;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  }
  return null;
}

async function readOwner(lockPath: string): Promise<LockOwner | null> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(lockPath, "utf8")));
  } catch {
    return null;
  }
}

async function isAlive(owner: LockOwner, lockPath: string): Promise<boolean> {
  if (owner.host !== hostname()) {
    const renewed = await stat(lockPath).catch(() => null);
    return renewed !== null && Date.now() - renewed.mtimeMs < STALE_MILLISECONDS;
  }
  if (owner.pid === process.pid) {
    return heldHere.has(lockPath);
  }
  if (!isRunning(owner.pid)) {
    return false;
  }
  const start = startTicksOf(owner.pid);
  return start === null || owner.processStart === null || start === owner.processStart;
}

/** Moves a lock that was left behind out of the way, unless another process has just replaced it. */
async function removeStale(lockPath: string, owner: LockOwner | null): Promise<void> {
  const found = await stat(lockPath).catch(() => null);
  if (owner === null && found !== null && Date.now() - found.mtimeMs < 2000) {
    // Somebody may be writing it just now.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return;
  }
  const aside = `${lockPath}.${randomUUID().slice(0, 8)}`;
  try {
    await rename(lockPath, aside);
  } catch {
    return;
  }
  const moved = await readOwner(aside);
  if (JSON.stringify(moved) === JSON.stringify(owner)) {
    await rm(aside, { force: true });
  } else {
    await rename(aside, lockPath);
  }
}
