import type { Normalization } from "#shared/training/normalization.ts";
import type { ModelExport } from "../port.ts";

/** How much neighbouring tiles overlap in our own prediction, in percent. */
const OVERLAP_PERCENT = 25;

/** What the plugin's own default rounds away: regions smaller than its kernel. None by default here. */
const SMALLEST_SEGMENT = 0;

/**
 * The metadata that Deepness for QGIS reads from a segmentation model, each value as JSON (`model_base.py` of the plugin). It divides
 * 8-bit samples by 255, then standardizes by mean and deviation, so both are told in that scale.
 */
export function deepnessMetadata(request: ModelExport): Record<string, string> {
  const { model, classNames, normalization, resolutionCentimeters } = request;
  const { mean, deviation } = standardization(normalization, model.bands);
  return {
    model_type: JSON.stringify("Segmentor"),
    class_names: JSON.stringify(Object.fromEntries(classNames.map((name, index) => [String(index), name]))),
    ...(resolutionCentimeters === null ? {} : { resolution: JSON.stringify(resolutionCentimeters) }),
    tile_size: JSON.stringify(model.tileWidth),
    tiles_overlap: JSON.stringify(OVERLAP_PERCENT),
    standardization_mean: JSON.stringify(mean),
    standardization_std: JSON.stringify(deviation),
    seg_thresh: JSON.stringify(0),
    seg_small_segment: JSON.stringify(SMALLEST_SEGMENT),
    orthomask_input: networkInputText(normalization),
  };
}

/** What the network's input is, for people who feed it themselves. */
export function networkInputText(normalization: Normalization): string {
  return normalization.kind === "uint8"
    ? "float32 NCHW, each sample divided by 255"
    : `float32 NCHW, (sample - offset) / scale with offset ${JSON.stringify(normalization.offset)} and scale ${JSON.stringify(normalization.scale)}`;
}

/** (sample - offset) / scale = (sample / 255 - offset / 255) / (scale / 255). */
function standardization(
  normalization: Normalization,
  bands: number,
): { mean: number[]; deviation: number[] } {
  if (normalization.kind === "uint8") {
    return { mean: Array<number>(bands).fill(0), deviation: Array<number>(bands).fill(1) };
  }
  return {
    mean: normalization.offset.map((value) => value / 255),
    deviation: normalization.scale.map((value) => value / 255),
  };
}
