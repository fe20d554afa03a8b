import type { Style } from "ol/layer/WebGLTile.js";
import { confidenceSteps, disagreementColors } from "../state/comparison-colors.ts";

const nothing = "rgba(0,0,0,0)";

/** For tiles of one band: who is right where two runs differ, nothing elsewhere. */
export const disagreementStyle: Style = {
  color: [
    "palette",
    ["*", ["band", 1], 255],
    Array.from({ length: 256 }, (_, value) => disagreementColors[value]?.color ?? nothing),
  ],
};

/** For tiles of class id and confidence: the confidence by a colour bar, nothing where there is no class. */
export const confidenceStyle: Style = {
  color: [
    "case",
    ["==", ["round", ["*", ["band", 1], 255]], 255],
    ["color", 0, 0, 0, 0],
    [
      "interpolate",
      ["linear"],
      ["band", 2],
      ...confidenceSteps.flatMap((color, index) => [index / (confidenceSteps.length - 1), color]),
    ],
  ],
};
