import { acceptPrediction } from "./accept-prediction.ts";
import { brush, eraser } from "./brush.ts";
import { fill } from "./fill.ts";
import { lasso } from "./lasso.ts";
import { polygon } from "./polygon.ts";
import { rectangle } from "./rectangle.ts";
import { segment } from "./segment.ts";
import { superpixel } from "./superpixel.ts";
import type { LabelTool } from "./tool.ts";
import { wand } from "./wand.ts";

/** Every way of labelling, in the order of the tool bar. */
export const labelTools: readonly LabelTool[] = [
  brush,
  eraser,
  polygon,
  rectangle,
  lasso,
  fill,
  wand,
  superpixel,
  segment,
  acceptPrediction,
];

/** The tool of an id; null for the map's own pointer. */
export function labelTool(id: string | null): LabelTool | null {
  return labelTools.find((tool) => tool.id === id) ?? null;
}
