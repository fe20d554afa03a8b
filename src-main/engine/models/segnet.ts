import { activation, dropout } from "../layers/activation.ts";
import { conv2d } from "../layers/convolution.ts";
import type { Layer } from "../layers/layer.ts";
import { batchNormalization } from "../layers/normalization.ts";
import { maxPooling2d, upSampling2d } from "../layers/resizing.ts";
import type { Architecture } from "./architecture.ts";
import { ModelBuilder } from "./model.ts";

/** Filters of each convolution; a stage ends with pooling. */
const encoderStages = [
  [32, 32],
  [64, 64],
  [128, 128, 128],
  [256, 256, 256],
  [512, 512, 512],
];

/** Mirrors the encoder; a stage begins with upsampling. */
const decoderStages = [[512, 512, 256], [256, 256, 128], [128, 128, 64], [64, 32], [32]];

const DROPOUT_RATE = 0.1;

/**
 * SegNet as in the course notebook: enlarges by repeating pixels, so it is smaller than the paper's, which remembers where
 * each maximum was. After each convolution of a stage but the last there is dropout.
 */
export const segnetUpsample: Architecture = {
  id: "segnet-upsample",
  name: "SegNet (upsampling)",
  summary: "Encoder and decoder of the same depth; sharp outlines with few parameters.",
  source:
    "Badrinarayanan, Kendall and Cipolla 2017, doi:10.1109/TPAMI.2016.2644615, in the notebook's variant",
  stride: 32,
  width: null,
  build: ({ tileHeight, tileWidth, bands, classes }) => {
    const builder = new ModelBuilder(tileHeight, tileWidth, bands);
    const stage = (input: Layer, filters: readonly number[]): Layer =>
      filters.reduce((layer, count, index) => {
        const normalized = convolveAndNormalize(builder, layer, count, 3);
        const active = builder.apply(activation("relu"), normalized);
        return index < filters.length - 1 ? builder.apply(dropout(DROPOUT_RATE), active) : active;
      }, input);
    let layer = builder.input;
    for (const filters of encoderStages) {
      layer = builder.apply(maxPooling2d(), stage(layer, filters));
    }
    for (const filters of decoderStages) {
      layer = stage(builder.apply(upSampling2d(2), layer), filters);
    }
    const logits = convolveAndNormalize(builder, layer, classes, 1);
    builder.apply(activation("softmax"), logits);
    return builder.finish();
  },
};

function convolveAndNormalize(
  builder: ModelBuilder,
  input: Layer,
  filters: number,
  kernelSize: number,
): Layer {
  const convolved = builder.apply(conv2d({ filters, kernelSize, initializer: "he-uniform" }), input);
  return builder.apply(batchNormalization(), convolved);
}
