import { brush, eraser } from "./brush.ts";
import { lasso } from "./lasso.ts";
import { polygon } from "./polygon.ts";
import { rectangle } from "./rectangle.ts";
import type { LabelTool } from "./tool.ts";

/** Every way of labelling, in the order of the tool bar. */
export const labelTools: readonly LabelTool[] = [brush, eraser, polygon, rectangle, lasso];

/** The tool of an id; null for the map's own pointer. */
export function labelTool(id: string | null): LabelTool | null {
  return labelTools.find((tool) => tool.id === id) ?? null;
}
