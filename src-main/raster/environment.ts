import sharp from "sharp";
import type { AllowedFolders } from "./allowed-folders.ts";
import { BlockMemory } from "./blocks/block-memory.ts";
import type { BlockEnvironment } from "./blocks/block-reader.ts";
import { Limiter } from "./blocks/limiter.ts";
import { OpenImages } from "./blocks/open-images.ts";
import type { RemoteAccess } from "./remote/remote-access.ts";
import { SpareMemory } from "./threads/spare-memory.ts";
import { DecodeThreads } from "./threads/decode-threads.ts";

/** Settings of the raster engine of this process. */
export interface RasterSettings {
  /** Bytes of decoded blocks kept for all open rasters together, at most. */
  readonly cacheBytes?: number;
  /** What is kept of them until windows are read that come again (`ReadWindowOptions`), and once a minute has passed without any; `cacheBytes` when left out. */
  readonly cacheStartBytes?: number;
  /** On which other servers files may be opened; on any unless told otherwise. */
  readonly remote?: RemoteAccess;
  /** Where files of this machine may be opened; anywhere unless told otherwise. */
  readonly folders?: AllowedFolders;
}

const defaultCacheBytes = 256 * 2 ** 20;
// Two for the disk while two decode: more would only hold memory.
const batchesAtOnce = 4;

// Every block is decoded once and kept by our own cache; sharp's would hold it a second time.
sharp.cache(false);
// Batches run side by side already; threads within one only wait for each other.
sharp.concurrency(1);

const memory = new BlockMemory(
  { maxBytes: defaultCacheBytes },
  { endThreads: () => blockEnvironment.threads.closeIdle() },
);
const spareMemory = new SpareMemory({ maxBytes: 16 * 2 ** 20 });

/** The cache, limits and threads shared by all rasters of this process. */
export const blockEnvironment: BlockEnvironment & {
  readonly remote: { access: RemoteAccess };
  readonly local: { folders: AllowedFolders };
} = {
  remote: { access: "any" },
  local: { folders: "anywhere" },
  memory,
  limiter: new Limiter(batchesAtOnce),
  largeLimiter: new Limiter(1),
  threads: new DecodeThreads(spareMemory, memory.arena),
  spareMemory,
  images: new OpenImages(),
};

/** Changes the settings of the raster engine, at start or while running. */
export function configureRaster(settings: RasterSettings): void {
  if (settings.cacheBytes !== undefined) {
    blockEnvironment.memory.cache.resize({
      maxBytes: settings.cacheBytes,
      startBytes: settings.cacheStartBytes,
    });
  }
  if (settings.remote !== undefined) {
    blockEnvironment.remote.access = settings.remote;
  }
  if (settings.folders !== undefined) {
    blockEnvironment.local.folders = settings.folders;
  }
}
