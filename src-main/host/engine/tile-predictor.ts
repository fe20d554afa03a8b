import type { InputLayout } from "../network-tiles/index.ts";

/** A network ready to say what it sees, whatever runs it. */
export interface TilePredictor {
  readonly tilePixels: number;
  readonly inputPixels: number;
  readonly input: InputLayout;
  /** Class id of each output channel. */
  readonly idOfChannel: readonly number[];
  /** Tiles that `predict` takes at once, at most. */
  readonly batch: number;
  /**
   * `images` is NHWC of `count` tiles, 8-bit or normalized float32 as `input` says; answers `count · inputPixels² · classes`
   * probabilities, NHWC.
   */
  predict(
    images: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
    count: number,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Float32Array>;
}
