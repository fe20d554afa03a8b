import type { GpuAddOnState } from "#shared/gpu-add-on.ts";
import type { HostAccess } from "./host-access.ts";
import { watchStream } from "./watch-stream.ts";

/** TensorFlow's CUDA build for this machine, for as long as somebody looks at it. */
export class GpuAddOnWatch {
  readonly #host: HostAccess;
  readonly #ended = new AbortController();
  #state: GpuAddOnState | null = $state.raw(null);

  constructor(host: HostAccess) {
    this.#host = host;
    void watchStream(
      host.link,
      (signal) => host.client.gpu.watch(undefined, { signal }),
      (state) => {
        this.#state = state;
      },
      { signal: this.#ended.signal },
    );
  }

  /** Null until the host has looked. */
  get state(): GpuAddOnState | null {
    return this.#state;
  }

  async install(): Promise<void> {
    await this.#host.client.gpu.install();
  }

  async stop(): Promise<void> {
    await this.#host.client.gpu.stop();
  }

  async remove(): Promise<void> {
    await this.#host.client.gpu.remove();
  }

  close(): void {
    this.#ended.abort();
  }
}
