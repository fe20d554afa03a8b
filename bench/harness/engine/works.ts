import type { ModelSettings, TrainingRequest } from "../../../src-main/engine/port.ts";

/** A network at a size, as it is timed. */
export interface Work {
  /** Such as `unet width 64, batch 2, 512²`. */
  readonly name: string;
  readonly model: ModelSettings;
  readonly batch: number;
}

/** The networks and sizes that speed and memory are promised for. */
export const works: readonly Work[] = [
  workOf("segnet-upsample", null, 256, 4),
  workOf("fcn32", null, 256, 4),
  workOf("unet", 64, 512, 2),
];

function workOf(architecture: string, width: number | null, side: number, batch: number): Work {
  return {
    name: `${architecture}${width === null ? "" : ` width ${width}`}, batch ${batch}, ${side}²`,
    model: { architecture, width, bands: 3, classes: 5, tileHeight: side, tileWidth: side },
    batch,
  };
}

/** What both sides train with: cross-entropy and Adam, as in the course notebook. */
export function trainingRequestOf(model: ModelSettings, batch: number): TrainingRequest {
  return {
    model,
    batch,
    loss: "crossentropy",
    optimizer: "adam",
    seed: 1,
    classWeights: null,
    ignoredClasses: [],
    inputType: "uint8",
    checkpoint: null,
  };
}

/** Tiles that no network can learn from, and that cost as much as any: bytes NHWC and class indices. */
export function drawTiles({ model, batch }: Work): {
  pixels: Uint8Array<ArrayBuffer>;
  labels: Uint8Array<ArrayBuffer>;
} {
  const pixelCount = batch * model.tileHeight * model.tileWidth;
  return {
    pixels: Uint8Array.from({ length: pixelCount * model.bands }, (_, index) => (index * 7919) % 251),
    labels: Uint8Array.from({ length: pixelCount }, (_, index) => Math.floor(index / 4099) % model.classes),
  };
}
