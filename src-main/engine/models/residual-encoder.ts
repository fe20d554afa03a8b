import { activation } from "../layers/activation.ts";
import { conv2d } from "../layers/convolution.ts";
import type { Layer } from "../layers/layer.ts";
import { addLayer } from "../layers/merging.ts";
import { batchNormalization } from "../layers/normalization.ts";
import type { ModelBuilder } from "./model.ts";

/** What an encoder saw at each scale, coarsest last. */
export interface EncoderFeatures {
  /** A quarter of the image's size, `width` channels. */
  readonly quarter: Layer;
  /** The last stage: an eighth or a sixteenth, `8 × width` channels. */
  readonly last: Layer;
}

/**
 * A residual network of the depth of ResNet-18 (He et al. 2016, arXiv:1512.03385) whose last stages keep their resolution and
 * widen their kernels' reach instead, as segmentation networks do (Chen et al. 2017, arXiv:1706.05587).
 *
 * `outputStride`: how much smaller the last stage is than the image, 8 or 16.
 */
export function residualEncoder(builder: ModelBuilder, width: number, outputStride: 8 | 16): EncoderFeatures {
  const stem = convolveNormalizeActivate(builder, builder.input, {
    filters: width,
    kernelSize: 3,
    stride: 2,
  });
  let layer = convolveNormalizeActivate(builder, stem, { filters: width, kernelSize: 3, stride: 2 });
  let stride = 4;
  let dilation = 1;
  const stages: Layer[] = [];
  for (let stage = 0; stage < 4; stage += 1) {
    const halves = stage > 0 && stride < outputStride;
    if (stage > 0 && !halves) {
      dilation *= 2;
    }
    const filters = width * 2 ** stage;
    layer = residualBlock(builder, layer, filters, halves ? 2 : 1, dilation);
    layer = residualBlock(builder, layer, filters, 1, dilation);
    stride *= halves ? 2 : 1;
    stages.push(layer);
  }
  return { quarter: stages[0] as Layer, last: layer };
}

/** Two convolutions and a way around them. */
function residualBlock(
  builder: ModelBuilder,
  input: Layer,
  filters: number,
  stride: number,
  dilation: number,
): Layer {
  const first = convolveNormalizeActivate(builder, input, { filters, kernelSize: 3, stride, dilation });
  const second = convolveNormalize(builder, first, { filters, kernelSize: 3, dilation });
  const around =
    input.outputShape.join() === second.outputShape.join()
      ? input
      : convolveNormalize(builder, input, { filters, kernelSize: 1, stride });
  return builder.apply(activation("relu"), builder.apply(addLayer(), [second, around]));
}

type Convolution = Pick<Parameters<typeof conv2d>[0], "filters" | "kernelSize" | "stride" | "dilation">;

/** Convolution without bias and batch normalization. */
export function convolveNormalize(builder: ModelBuilder, input: Layer, options: Convolution): Layer {
  const convolved = builder.apply(conv2d({ ...options, bias: false, initializer: "he-normal" }), input);
  return builder.apply(batchNormalization(), convolved);
}

/** The same with a ReLU. */
export function convolveNormalizeActivate(builder: ModelBuilder, input: Layer, options: Convolution): Layer {
  return builder.apply(activation("relu"), convolveNormalize(builder, input, options));
}
