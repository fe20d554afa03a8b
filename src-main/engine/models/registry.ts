import type { Architecture, ModelSize } from "./architecture.ts";
import { deeplabV3Plus } from "./deeplab.ts";
import { fcn16, fcn32, fcn8 } from "./fcn.ts";
import type { Model } from "./model.ts";
import { pspnet } from "./pspnet.ts";
import { segnet, segnetUpsample } from "./segnet.ts";
import { unet } from "./unet.ts";

/** Every network one can choose. A new one is added here. */
export const architectures: readonly Architecture[] = [
  unet,
  deeplabV3Plus,
  pspnet,
  segnet,
  segnetUpsample,
  fcn32,
  fcn16,
  fcn8,
];

/** The architecture with an id; throws with the known ids otherwise. */
export function architectureOf(id: string): Architecture {
  const found = architectures.find((architecture) => architecture.id === id);
  if (found === undefined) {
    throw new Error(
      `There is no network "${id}"; known are ${architectures.map((known) => known.id).join(", ")}.`,
    );
  }
  return found;
}

/** Builds the layer list of an architecture. Throws when the tile doesn't fit its stride, the width its limits, or it can't enlarge that way. */
export function buildModel(architectureId: string, size: ModelSize): Model {
  const architecture = architectureOf(architectureId);
  const { tileHeight, tileWidth } = size;
  if (tileHeight % architecture.stride !== 0 || tileWidth % architecture.stride !== 0) {
    throw new Error(
      `${architecture.name} needs tiles whose sides are multiples of ${architecture.stride}, not ${tileWidth}×${tileHeight}.`,
    );
  }
  const limits = architecture.width;
  const width = size.width ?? limits?.default ?? 1;
  if (limits !== null && (width < limits.minimum || width > limits.maximum)) {
    throw new Error(
      `${architecture.name} takes widths from ${limits.minimum} to ${limits.maximum}, not ${width}.`,
    );
  }
  const upsampling = size.upsampling ?? architecture.upsamplings[0];
  if (!architecture.upsamplings.includes(upsampling)) {
    throw new Error(
      `${architecture.name} can enlarge by ${architecture.upsamplings.join(", ")}, not by ${upsampling}.`,
    );
  }
  return architecture.build({ ...size, width, upsampling });
}
