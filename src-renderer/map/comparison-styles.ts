import type { Style } from "ol/layer/WebGLTile.js";
import {
  confidenceSteps,
  disagreementColors,
  UNLABELLED_COLOR,
  uncertaintySteps,
} from "../state/comparison-colors.ts";

const nothing = "rgba(0,0,0,0)";

/** For tiles of one band: who is right where two runs differ, nothing elsewhere. */
export const disagreementStyle: Style = {
  color: [
    "palette",
    ["*", ["band", 1], 255],
    Array.from({ length: 256 }, (_, value) => disagreementColors[value] ?? nothing),
  ],
};

/** For tiles of one band: where imagery has no label. */
export const unlabelledStyle: Style = {
  color: [
    "palette",
    ["*", ["band", 1], 255],
    Array.from({ length: 256 }, (_, value) => (value === 0 ? UNLABELLED_COLOR : nothing)),
  ],
};

/** For tiles of class id and confidence: the confidence by a colour bar, nothing where there is no class. */
export const confidenceStyle = barStyle(confidenceSteps);

/** The same for tiles of class id and uncertainty. */
export const uncertaintyStyle = barStyle(uncertaintySteps);

function barStyle(steps: readonly string[]): Style {
  return {
    color: [
      "case",
      ["==", ["round", ["*", ["band", 1], 255]], 255],
      ["color", 0, 0, 0, 0],
      [
        "interpolate",
        ["linear"],
        ["band", 2],
        ...steps.flatMap((color, index) => [index / (steps.length - 1), color]),
      ],
    ],
  };
}
