import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";

/** The labels that editing begins from: the user's mask, or nothing. It is read where nothing was edited, and never written. */
export interface LabelBase extends PixelSize {
  /** Changes when the mask does; "none" without one. */
  readonly version: string;
  /** Ids as the mask has them, 255 outside and where it has none. */
  read(
    request: { readonly pixelWindow: PixelWindow; readonly outputSize?: PixelSize | undefined },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array<ArrayBuffer>>;
}
