import { activation, dropout } from "../layers/activation.ts";
import { conv2d } from "../layers/convolution.ts";
import type { Layer } from "../layers/layer.ts";
import { batchNormalization } from "../layers/normalization.ts";
import { maxPooling2d, maxUnpooling2d } from "../layers/resizing.ts";
import type { Architecture } from "./architecture.ts";
import { ModelBuilder } from "./model.ts";
import type { Model } from "./model.ts";
import { enlarge } from "./upsampling.ts";
import type { Pooling } from "./upsampling.ts";

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

const SOURCE = "Badrinarayanan, Kendall and Cipolla 2017, doi:10.1109/TPAMI.2016.2644615";

/**
 * SegNet as in the course notebook: enlarges by repeating pixels, which smears what the encoder knew of places (after
 * Badrinarayanan, Kendall and Cipolla 2017, doi:10.1109/TPAMI.2016.2644615).
 */
export const segnetUpsample: Architecture = {
  id: "segnet-upsample",
  name: "SegNet (upsampling)",
  summary:
    "Encoder and decoder of the same depth, in the notebook's variant: few parameters, smooth outlines.",
  source: `${SOURCE}, in the notebook's variant`,
  stride: 32,
  width: null,
  upsamplings: ["nearest", "bilinear", "transposed"],
  build: (size) => buildSegnet(size, (builder, layer) => enlarge(builder, layer, 2, size.upsampling)),
};

/**
 * SegNet as in the paper: enlarges by putting numbers back where the encoder's maxima were (Badrinarayanan, Kendall and
 * Cipolla 2017, doi:10.1109/TPAMI.2016.2644615), with the notebook's filters.
 */
export const segnet: Architecture = {
  id: "segnet",
  name: "SegNet",
  summary:
    "Encoder and decoder of the same depth; remembers where maxima were, so that outlines are sharper.",
  source: `${SOURCE}, with the notebook's filters`,
  stride: 32,
  width: null,
  upsamplings: ["unpooling"],
  build: (size) =>
    buildSegnet(size, (builder, layer, { image, pooled }) =>
      builder.apply(maxUnpooling2d(), [layer, image, pooled]),
    ),
};

/** After each convolution of a stage but the last there is dropout, as in the notebook. */
function buildSegnet(
  { tileHeight, tileWidth, bands, classes }: Parameters<Architecture["build"]>[0],
  enlarge: (builder: ModelBuilder, layer: Layer, pooling: Pooling) => Layer,
): Model {
  const builder = new ModelBuilder(tileHeight, tileWidth, bands);
  const stage = (input: Layer, filters: readonly number[]): Layer =>
    filters.reduce((layer, count, index) => {
      const normalized = convolveAndNormalize(builder, layer, count, 3);
      const active = builder.apply(activation("relu"), normalized);
      return index < filters.length - 1 ? builder.apply(dropout(DROPOUT_RATE), active) : active;
    }, input);
  let layer = builder.input;
  const poolings: Pooling[] = [];
  for (const filters of encoderStages) {
    const image = stage(layer, filters);
    layer = builder.apply(maxPooling2d(), image);
    poolings.push({ image, pooled: layer });
  }
  builder.endEncoder();
  for (const [index, pooling] of poolings.toReversed().entries()) {
    layer = stage(enlarge(builder, layer, pooling), decoderStages[index] ?? []);
  }
  const logits = convolveAndNormalize(builder, layer, classes, 1);
  builder.apply(activation("softmax"), logits);
  return builder.finish();
}

function convolveAndNormalize(
  builder: ModelBuilder,
  input: Layer,
  filters: number,
  kernelSize: number,
): Layer {
  const convolved = builder.apply(conv2d({ filters, kernelSize, initializer: "he-uniform" }), input);
  return builder.apply(batchNormalization(), convolved);
}
