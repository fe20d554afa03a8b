import type { PyramidCache } from "#shared/contract.ts";
import type { HostAccess } from "./host-access.ts";
import { watchStream } from "./watch-stream.ts";

/** What Orthomask keeps on disk to be quick, for as long as somebody looks at it. */
export class StorageWatch {
  readonly #host: HostAccess;
  readonly #ended = new AbortController();
  #cache: PyramidCache | null = $state.raw(null);

  constructor(host: HostAccess) {
    this.#host = host;
    void watchStream(
      host.link,
      (signal) => host.client.storage.watch(undefined, { signal }),
      (cache) => {
        this.#cache = cache;
      },
      { signal: this.#ended.signal },
    );
  }

  /** Null until the host has looked. */
  get cache(): PyramidCache | null {
    return this.#cache;
  }

  async setLimit(limitBytes: number): Promise<void> {
    await this.#host.client.storage.setLimit({ limitBytes });
  }

  /** Removes all pyramids and says how many bytes that freed. */
  async clear(): Promise<number> {
    return (await this.#host.client.storage.clear()).freedBytes;
  }

  close(): void {
    this.#ended.abort();
  }
}
