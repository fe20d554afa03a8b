import type { Style } from "ol/layer/WebGLTile.js";
import type { LandClass } from "#shared/project/land-class.ts";
import type { ClassDrawing } from "../state/layers.svelte.ts";

/**
 * OpenLayers' style for tiles whose first band is a class id: the class's colour by a 256-colour palette, nothing
 * for ids that aren't a class. A change of colours needs no new tiles.
 *
 * `outline` draws only pixels with a neighbour of another class, one pixel of the tile wide.
 */
export function classStyle(classes: readonly LandClass[], drawing: ClassDrawing): Style {
  const colors = Array.from({ length: 256 }, () => "rgba(0,0,0,0)");
  for (const { id, color } of classes) {
    colors[id] = color;
  }
  const id = ["band", 1];
  const color = ["palette", ["*", id, 255], colors];
  switch (drawing) {
    case "fill":
      return { color };
    case "outline":
      return {
        color: [
          "case",
          [
            "any",
            ["!=", id, ["band", 1, 1, 0]],
            ["!=", id, ["band", 1, -1, 0]],
            ["!=", id, ["band", 1, 0, 1]],
            ["!=", id, ["band", 1, 0, -1]],
          ],
          color,
          ["color", 0, 0, 0, 0],
        ],
      };
  }
}
