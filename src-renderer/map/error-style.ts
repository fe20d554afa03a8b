import type { Style } from "ol/layer/WebGLTile.js";
import type { PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import { ERROR_COLOR } from "../state/error-color.ts";

/** No class: the variable selects nothing by it. */
const ANY = -1;

/** The values that `errorStyle` is drawn with; a change of selection needs no new tiles and no new shader. */
export function errorVariables(selection: PlaceSelection): Record<string, number> {
  switch (selection.kind) {
    case "cell":
      return { truth: selection.truthId, prediction: selection.predictionId, errorsOnly: 0 };
    case "false-positives":
      return { truth: ANY, prediction: selection.classId, errorsOnly: 1 };
    case "false-negatives":
      return { truth: selection.classId, prediction: ANY, errorsOnly: 1 };
    case "errors":
      return { truth: ANY, prediction: ANY, errorsOnly: 1 };
  }
}

const truth = ["round", ["*", ["band", 1], 255]];
const prediction = ["round", ["*", ["band", 2], 255]];

/** OpenLayers' style for tiles of true and predicted ids (255 where they aren't compared): the chosen pixels in one colour. */
export const errorStyle: Style = {
  variables: errorVariables({ kind: "errors" }),
  color: [
    "case",
    [
      "all",
      ["!=", truth, 255],
      ["any", ["==", ["var", "truth"], ANY], ["==", truth, ["var", "truth"]]],
      ["any", ["==", ["var", "prediction"], ANY], ["==", prediction, ["var", "prediction"]]],
      ["any", ["==", ["var", "errorsOnly"], 0], ["!=", truth, prediction]],
    ],
    ERROR_COLOR,
    ["color", 0, 0, 0, 0],
  ],
};
