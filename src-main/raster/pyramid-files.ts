import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { buildingFolder, pyramidExtension } from "./pyramid.ts";

/** One finished pyramid of a cache folder. */
export interface PyramidFile {
  readonly path: string;
  readonly bytes: number;
  /** When a raster last took it up. */
  readonly usedMs: number;
}

/** Everything that one needs to know before a pyramid's file is removed. */
export interface RemovalOptions {
  /** Called before each file goes, so that readers can let go of it. */
  readonly beforeRemoval?: ((path: string) => Promise<void>) | undefined;
}

/** The finished pyramids of a cache folder, the one not used for longest first; none where there is no folder. */
export async function listPyramids(cacheFolder: string): Promise<PyramidFile[]> {
  const names = await readdir(cacheFolder).catch(() => []);
  const found: PyramidFile[] = [];
  for (const name of names) {
    if (name.endsWith(pyramidExtension)) {
      const path = join(cacheFolder, name);
      const facts = await stat(path).catch(() => null);
      if (facts !== null) {
        found.push({ path, bytes: facts.size, usedMs: facts.mtimeMs });
      }
    }
  }
  return found.sort((first, second) => first.usedMs - second.usedMs);
}

/**
 * Removes pyramids until the rest take at most `maxBytes`: those not used for longest first, those in `inUse` last. Says how many
 * bytes that freed.
 */
export async function trimPyramids(
  cacheFolder: string,
  maxBytes: number,
  options: RemovalOptions & { readonly inUse?: ReadonlySet<string> | undefined } = {},
): Promise<number> {
  const pyramids = await listPyramids(cacheFolder);
  const isInUse = ({ path }: PyramidFile): boolean => options.inUse?.has(path) === true;
  let total = pyramids.reduce((sum, { bytes }) => sum + bytes, 0);
  let freed = 0;
  for (const file of [...pyramids.filter((one) => !isInUse(one)), ...pyramids.filter(isInUse)]) {
    if (total <= maxBytes) {
      break;
    }
    await options.beforeRemoval?.(file.path);
    await rm(file.path, { force: true });
    total -= file.bytes;
    freed += file.bytes;
  }
  return freed;
}

/** Removes what processes that are no more left half-made. */
export async function sweepInterruptedPyramids(cacheFolder: string): Promise<void> {
  for (const name of await readdir(cacheFolder).catch(() => [])) {
    const processId = Number(/^building-(\d+)$/.exec(name)?.[1]);
    if (Number.isInteger(processId) && name === buildingFolder(processId) && !isRunning(processId)) {
      await rm(join(cacheFolder, name), { recursive: true, force: true });
    }
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // A process of somebody else's is one all the same.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
