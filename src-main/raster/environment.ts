import sharp from "sharp";
import type { AllowedFolders } from "./allowed-folders.ts";
import { BlockCache } from "./blocks/block-cache.ts";
import type { BlockEnvironment } from "./blocks/block-reader.ts";
import { Limiter } from "./blocks/limiter.ts";
import { OpenImages } from "./blocks/open-images.ts";
import type { RemoteAccess } from "./remote/remote-access.ts";
import { SharedArena } from "./threads/shared-arena.ts";
import { SpareMemory } from "./threads/spare-memory.ts";
import { DecodeThreads } from "./threads/decode-threads.ts";
import type { ReadSamples } from "./typed-pixels.ts";

/** Settings of the raster engine of this process. */
export interface RasterSettings {
  /** Bytes of decoded blocks kept for all open rasters together. */
  readonly cacheBytes?: number;
  /** On which other servers files may be opened; on any unless told otherwise. */
  readonly remote?: RemoteAccess;
  /** Where files of this machine may be opened; anywhere unless told otherwise. */
  readonly folders?: AllowedFolders;
}

const defaultCacheBytes = 256 * 2 ** 20;
/** Room for blocks that are being decoded or have just been dropped, beside those in the cache. */
const decodingBytes = 16 * 2 ** 20;
// Two for the disk while two decode: more would only hold memory.
const batchesAtOnce = 4;

// Every block is decoded once and kept by our own cache; sharp's would hold it a second time.
sharp.cache(false);
// Batches run side by side already; threads within one only wait for each other.
sharp.concurrency(1);

const cache = new BlockCache<ReadSamples>({ maxBytes: defaultCacheBytes });
const arena = new SharedArena(() => cache.maxBytes + decodingBytes);
const spareMemory = new SpareMemory({ maxBytes: 16 * 2 ** 20 });

/** The cache, limits and threads shared by all rasters of this process. */
export const blockEnvironment: BlockEnvironment & {
  readonly remote: { access: RemoteAccess };
  readonly local: { folders: AllowedFolders };
} = {
  remote: { access: "any" },
  local: { folders: "anywhere" },
  cache,
  limiter: new Limiter(batchesAtOnce),
  largeLimiter: new Limiter(1),
  threads: new DecodeThreads(spareMemory, arena),
  spareMemory,
  arena,
  images: new OpenImages(),
};

/** Changes the settings of the raster engine, at start or while running. */
export function configureRaster(settings: RasterSettings): void {
  if (settings.cacheBytes !== undefined) {
    blockEnvironment.cache.resize(settings.cacheBytes);
  }
  if (settings.remote !== undefined) {
    blockEnvironment.remote.access = settings.remote;
  }
  if (settings.folders !== undefined) {
    blockEnvironment.local.folders = settings.folders;
  }
}
