import type { RasterDescription } from "./raster-description.ts";

/** Bands to show, 0-based: three as red, green and blue, or one in grey. */
export type ShownBands = readonly [number, number, number] | readonly [number];

/** The bands to show where nobody has chosen: those named after colours, else the first three, else the first. */
export function displayBands(
  description: Pick<RasterDescription, "bands" | "alphaBand" | "bandNames">,
): ShownBands {
  const named = bandsByName(description.bandNames);
  if (named !== null) {
    return named;
  }
  const colours = Array.from({ length: description.bands }, (_, band) => band).filter(
    (band) => band !== description.alphaBand,
  );
  const [first = 0, second = first, third = first] = colours;
  return colours.length >= 3 ? [first, second, third] : [first];
}

function bandsByName(names: readonly string[]): readonly [number, number, number] | null {
  const find = (pattern: RegExp): number => names.findIndex((name) => pattern.test(name));
  const red = find(/^(red|b0?4)\b/i);
  const green = find(/^(green|b0?3)\b/i);
  const blue = find(/^(blue|b0?2)\b/i);
  return red >= 0 && green >= 0 && blue >= 0 ? [red, green, blue] : null;
}
