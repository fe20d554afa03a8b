import type { MosaicPixel } from "../state/cursor.svelte.ts";

export interface PixelProbeOptions<Kind> {
  /** Reads the bytes of one pixel; null where there are none. */
  readonly read: (
    kind: Kind,
    pixel: MosaicPixel,
    options: { readonly signal: AbortSignal },
  ) => Promise<Uint8Array | null>;
  /** Something has been read, or is no longer right: `bytes` should be asked again. */
  readonly onChange: () => void;
}

/** How long the cursor has to rest on a pixel before it is read, so that moving over the map asks for nothing. */
const REST_MILLISECONDS = 80;

/** The bytes of the one pixel under the cursor, for layers that aren't drawn and so have no tiles. */
export class PixelProbe<Kind> {
  readonly #options: PixelProbeOptions<Kind>;
  #pixel: MosaicPixel | null = null;
  #controller = new AbortController();
  readonly #answers = new Map<Kind, Uint8Array | null>();
  readonly #timers = new Map<Kind, ReturnType<typeof setTimeout>>();

  constructor(options: PixelProbeOptions<Kind>) {
    this.#options = options;
  }

  /** The pixel that the next `bytes` are about; moving on stops what was asked of the last. */
  moveTo(pixel: MosaicPixel | null): void {
    const same =
      pixel?.mosaicId === this.#pixel?.mosaicId &&
      pixel?.column === this.#pixel?.column &&
      pixel?.row === this.#pixel?.row;
    if (!same) {
      this.#stop();
      this.#pixel = pixel;
    }
  }

  /** The bytes of a kind at the pixel; null until they are there, which `onChange` tells. */
  bytes(kind: Kind): Uint8Array | null {
    const pixel = this.#pixel;
    const known = this.#answers.get(kind);
    if (known !== undefined || pixel === null) {
      return known ?? null;
    }
    if (!this.#timers.has(kind)) {
      const { signal } = this.#controller;
      const timer = setTimeout(() => {
        void this.#read(kind, pixel, signal);
      }, REST_MILLISECONDS);
      this.#timers.set(kind, timer);
    }
    return null;
  }

  /** What was read of the pixel may have changed when it lies in a mosaic that `concerns` names. */
  forget(concerns: (pixel: MosaicPixel) => boolean): void {
    if (this.#pixel !== null && concerns(this.#pixel)) {
      this.#stop();
      this.#options.onChange();
    }
  }

  dispose(): void {
    this.#stop();
    this.#pixel = null;
  }

  async #read(kind: Kind, pixel: MosaicPixel, signal: AbortSignal): Promise<void> {
    // A pixel that can't be read stays unknown: the tiles of the same layer tell why.
    const bytes = await this.#options.read(kind, pixel, { signal }).catch(() => null);
    if (!signal.aborted) {
      this.#answers.set(kind, bytes);
      this.#options.onChange();
    }
  }

  #stop(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
    for (const timer of this.#timers.values()) {
      clearTimeout(timer);
    }
    this.#timers.clear();
    this.#answers.clear();
  }
}
