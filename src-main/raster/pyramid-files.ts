import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { builderOf, pyramidExtension, unfinishedExtension } from "./pyramid.ts";
import { hasEnded } from "./write/process-mark.ts";

/** One pyramid of a cache folder, or what is done of an interrupted one. */
export interface PyramidFile {
  readonly kind: "finished" | "unfinished";
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

/** The pyramids of a cache folder that nobody is making, the one not used for longest first; none where there is no folder. */
export async function listPyramids(cacheFolder: string): Promise<PyramidFile[]> {
  const names = await readdir(cacheFolder).catch(() => []);
  const found: PyramidFile[] = [];
  for (const name of names) {
    const kind = name.endsWith(pyramidExtension)
      ? "finished"
      : name.endsWith(unfinishedExtension)
        ? "unfinished"
        : null;
    if (kind !== null) {
      const path = join(cacheFolder, name);
      const facts = await stat(path).catch(() => null);
      if (facts !== null) {
        found.push({ kind, path, bytes: facts.size, usedMs: facts.mtimeMs });
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

/** How long what is done of an interrupted pyramid waits for somebody to go on with it. */
const longestWaitMs = 30 * 24 * 3_600_000;

/**
 * Sees to what processes that are no more left half-made: tiles that can be gone on with wait in the cache folder, unless they have waited for
 * a month; the rest goes.
 */
export async function sweepInterruptedPyramids(cacheFolder: string): Promise<void> {
  for (const name of await readdir(cacheFolder).catch(() => [])) {
    const folder = join(cacheFolder, name);
    const mark = builderOf(name);
    if (mark !== null && hasEnded(mark)) {
      for (const inside of await readdir(folder).catch(() => [])) {
        const end = inside.lastIndexOf(unfinishedExtension) + unfinishedExtension.length;
        if (end > unfinishedExtension.length) {
          await rename(join(folder, inside), join(cacheFolder, inside.slice(0, end)));
        }
      }
      await rm(folder, { recursive: true, force: true });
    } else if (/^building-\d+$/.test(name)) {
      // As an earlier version named them, which began again.
      await rm(folder, { recursive: true, force: true });
    }
  }
  for (const { kind, path, usedMs } of await listPyramids(cacheFolder)) {
    if (kind === "unfinished" && Date.now() - usedMs > longestWaitMs) {
      await rm(path, { force: true });
    }
  }
}
