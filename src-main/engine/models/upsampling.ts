import type { Upsampling } from "#shared/training/training-settings.ts";
import { conv2d, conv2dTranspose } from "../layers/convolution.ts";
import type { Layer } from "../layers/layer.ts";
import { maxUnpooling2d, upSampling2d } from "../layers/resizing.ts";
import type { ModelBuilder } from "./model.ts";

/**
 * How a network enlarges coarse features.
 *
 * `nearest` repeats pixels. `bilinear` interpolates. `transposed` learns a kernel whose side is a multiple of the stride, so that
 * every pixel has as many taps as its neighbours and no checkerboard appears (Odena et al. 2016, doi:10.23915/distill.00003).
 * `unpooling` puts numbers back where the encoder's maxima were (Badrinarayanan et al. 2017, doi:10.1109/TPAMI.2016.2644615).
 */
export type { Upsampling };

/** A max pooling and what it pooled: what `unpooling` undoes. */
export interface Pooling {
  readonly image: Layer;
  readonly pooled: Layer;
}

/**
 * Enlarges a layer `factor` times without changing its channels, by a kernel that overlaps its neighbour's by half if it is learned.
 * For networks without `unpooling` among their `upsamplings`.
 */
export function enlarge(
  builder: ModelBuilder,
  layer: Layer,
  factor: number,
  kind: Upsampling,
  name?: string,
): Layer {
  if (kind === "unpooling") {
    throw new Error("Unpooling needs the pooling that it undoes.");
  }
  if (kind !== "transposed") {
    return builder.apply(upSampling2d(factor, kind), layer, name);
  }
  const [, , filters] = layer.outputShape;
  // Begins as bilinear interpolation, as in the FCN paper, and may become something better.
  const definition = conv2dTranspose({
    filters,
    kernelSize: 2 * factor,
    stride: factor,
    bias: false,
    initializer: "bilinear",
  });
  return builder.apply(definition, layer, name);
}

/** Enlarges a layer twice and brings it to `filters` channels: the step up of a decoder. */
export function stepUp(
  builder: ModelBuilder,
  layer: Layer,
  filters: number,
  kind: Upsampling,
  pooling: Pooling,
): Layer {
  switch (kind) {
    case "transposed":
      return builder.apply(conv2dTranspose({ filters, kernelSize: 2, stride: 2 }), layer);
    case "nearest":
    case "bilinear":
      return builder.apply(
        conv2d({ filters, kernelSize: 3, activation: "relu", initializer: "he-normal" }),
        builder.apply(upSampling2d(2, kind), layer),
      );
    case "unpooling": {
      // Positions are remembered for each channel, so the channels must be as many first.
      const narrowed = builder.apply(
        conv2d({ filters, kernelSize: 1, activation: "relu", initializer: "he-normal" }),
        layer,
      );
      return builder.apply(maxUnpooling2d(), [narrowed, pooling.image, pooling.pooled]);
    }
  }
}
