import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { SegmentPrompt } from "#shared/labels/segments-contract.ts";

/** The largest size of a window's shape that fits a frame, in whole pixels. */
export function fittedSize(window: PixelSize, frame: PixelSize): PixelSize {
  const scale = Math.min(frame.width / window.width, frame.height / window.height);
  return {
    width: Math.min(frame.width, Math.max(1, Math.round(window.width * scale))),
    height: Math.min(frame.height, Math.max(1, Math.round(window.height * scale))),
  };
}

/** A prompt in mosaic pixels as one in the pixels of a window's image. */
export function promptInImage(
  prompt: SegmentPrompt,
  { x, y, width, height }: PixelWindow,
  image: PixelSize,
): SegmentPrompt {
  const column = (value: number): number => ((value - x) * image.width) / width;
  const row = (value: number): number => ((value - y) * image.height) / height;
  return prompt.kind === "point"
    ? { ...prompt, x: column(prompt.x), y: row(prompt.y) }
    : {
        kind: "box",
        left: column(prompt.left),
        top: row(prompt.top),
        right: column(prompt.right),
        bottom: row(prompt.bottom),
      };
}
