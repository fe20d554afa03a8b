import { activation, dropout } from "../layers/activation.ts";
import { conv2d } from "../layers/convolution.ts";
import type { Layer } from "../layers/layer.ts";
import { concatenateLayer } from "../layers/merging.ts";
import { batchNormalization } from "../layers/normalization.ts";
import { maxPooling2d } from "../layers/resizing.ts";
import type { Architecture } from "./architecture.ts";
import { ModelBuilder } from "./model.ts";
import { stepUp } from "./upsampling.ts";
import type { Pooling } from "./upsampling.ts";

const LEVELS = 4;

/** Where the paper has its dropout: at the end of the contracting path. */
const DROPOUT_RATE = 0.2;

/** The paper has no batch normalization, so nothing is owed to Keras' default, which short trainings never catch up with. */
const MOMENTUM = 0.9;

/**
 * U-Net (Ronneberger, Fischer and Brox 2015, arXiv:1505.04597) with padded convolutions, so that the output has the input's size, and batch normalization, without which it hardly
 * starts to learn at small batches. Width 64 is the paper's.
 */
export const unet: Architecture = {
  id: "unet",
  name: "U-Net",
  summary: "Skip connections at every scale; a good first choice, and small widths train on a laptop.",
  source: "Ronneberger, Fischer and Brox 2015, arXiv:1505.04597",
  stride: 2 ** LEVELS,
  width: { default: 32, minimum: 4, maximum: 128 },
  upsamplings: ["transposed", "bilinear", "unpooling"],
  build: ({ tileHeight, tileWidth, bands, classes, width, upsampling }) => {
    const builder = new ModelBuilder(tileHeight, tileWidth, bands);
    const poolings: Pooling[] = [];
    let layer = builder.input;
    for (let level = 0; level < LEVELS; level += 1) {
      const image = twoConvolutions(builder, layer, width * 2 ** level);
      layer = builder.apply(maxPooling2d(), image);
      poolings.push({ image, pooled: layer });
    }
    layer = twoConvolutions(builder, layer, width * 2 ** LEVELS);
    layer = builder.apply(dropout(DROPOUT_RATE), layer);
    builder.endEncoder();
    for (const [index, pooling] of poolings.toReversed().entries()) {
      const filters = width * 2 ** (LEVELS - 1 - index);
      const enlarged = stepUp(builder, layer, filters, upsampling, pooling);
      layer = builder.apply(concatenateLayer(), [pooling.image, enlarged]);
      layer = twoConvolutions(builder, layer, filters);
    }
    builder.apply(conv2d({ filters: classes, kernelSize: 1 }), layer);
    return builder.finish();
  },
};

function twoConvolutions(builder: ModelBuilder, input: Layer, filters: number): Layer {
  let layer = input;
  for (let index = 0; index < 2; index += 1) {
    // The normalization after it has an offset of its own, so a bias would do nothing.
    layer = builder.apply(conv2d({ filters, kernelSize: 3, bias: false, initializer: "he-normal" }), layer);
    layer = builder.apply(batchNormalization({ momentum: MOMENTUM }), layer);
    layer = builder.apply(activation("relu"), layer);
  }
  return layer;
}
