import { activation, dropout } from "../layers/activation.ts";
import { conv2d, depthwiseConv2d } from "../layers/convolution.ts";
import type { Layer } from "../layers/layer.ts";
import { concatenateLayer } from "../layers/merging.ts";
import { batchNormalization } from "../layers/normalization.ts";
import { averagePooling2d, upSampling2d } from "../layers/resizing.ts";
import type { Architecture } from "./architecture.ts";
import { ModelBuilder } from "./model.ts";
import { convolveNormalizeActivate, residualEncoder } from "./residual-encoder.ts";
import { enlarge } from "./upsampling.ts";

/** How far apart the taps of each parallel convolution are, in coarse pixels; the paper's for an output stride of 16. */
const rates = [6, 12, 18];

/** Channels kept of the fine features, so that they don't drown the coarse ones; the paper's. */
const FINE_CHANNELS = 48;

/**
 * DeepLabV3+: convolutions of several reaches side by side, then a small decoder that brings back fine outlines (Chen et al.
 * 2018, arXiv:1802.02611).
 */
export const deeplabV3Plus: Architecture = {
  id: "deeplabv3plus",
  name: "DeepLabV3+",
  summary: "Sees several scales at once and refines outlines; strong on objects of very different size.",
  source: "Chen et al. 2018, arXiv:1802.02611, on a residual encoder of ResNet-18's depth",
  stride: 16,
  width: { default: 32, minimum: 4, maximum: 128 },
  upsamplings: ["bilinear", "transposed"],
  build: ({ tileHeight, tileWidth, bands, classes, width, upsampling }) => {
    const builder = new ModelBuilder(tileHeight, tileWidth, bands);
    const { quarter, last } = residualEncoder(builder, width, 16);
    builder.endEncoder();
    const filters = width * 4;
    const branches = [
      convolveNormalizeActivate(builder, last, { filters, kernelSize: 1 }),
      ...rates.map((dilation) =>
        convolveNormalizeActivate(builder, last, { filters, kernelSize: 3, dilation }),
      ),
      wholeTile(builder, last, filters),
    ];
    const joined = builder.apply(concatenateLayer(), branches);
    const context = builder.apply(
      dropout(0.1),
      convolveNormalizeActivate(builder, joined, { filters, kernelSize: 1 }),
    );
    const enlarged = enlarge(builder, context, 4, upsampling);
    const fine = convolveNormalizeActivate(builder, quarter, { filters: FINE_CHANNELS, kernelSize: 1 });
    let layer = builder.apply(concatenateLayer(), [enlarged, fine]);
    layer = separable(builder, layer, filters);
    layer = separable(builder, layer, filters);
    const logits = builder.apply(conv2d({ filters: classes, kernelSize: 1 }), layer);
    enlarge(builder, logits, 4, upsampling);
    return builder.finish();
  },
};

/** Depthwise, then pointwise convolution, each normalized: nearly what a full one does, at a ninth of the cost. */
function separable(builder: ModelBuilder, input: Layer, filters: number): Layer {
  const depthwise = builder.apply(depthwiseConv2d(3), input);
  const active = builder.apply(activation("relu"), builder.apply(batchNormalization(), depthwise));
  return convolveNormalizeActivate(builder, active, { filters, kernelSize: 1 });
}

/** The mean over the whole tile, at every place. Not normalized: over one number a tile that would leave nothing but noise. */
function wholeTile(builder: ModelBuilder, input: Layer, filters: number): Layer {
  const [height, width] = input.outputShape;
  const pooled = builder.apply(averagePooling2d([height, width]), input);
  const mixed = builder.apply(conv2d({ filters, kernelSize: 1, activation: "relu" }), pooled);
  return builder.apply(upSampling2d([height, width]), mixed);
}
