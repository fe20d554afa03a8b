import { dropout } from "../layers/activation.ts";
import { conv2d } from "../layers/convolution.ts";
import { concatenateLayer } from "../layers/merging.ts";
import { averagePooling2d, upSampling2d } from "../layers/resizing.ts";
import type { Architecture } from "./architecture.ts";
import { ModelBuilder } from "./model.ts";
import { convolveNormalizeActivate, residualEncoder } from "./residual-encoder.ts";
import { enlarge } from "./upsampling.ts";

/** How finely the pyramid divides the image along each side; the paper has 1, 2, 3 and 6, which hardly any tile size allows. */
const bins = [1, 2, 4, 8];

const OUTPUT_STRIDE = 8;

/**
 * Pyramid scene parsing: what the network sees is joined with its means over ever larger parts of the tile (Zhao et al. 2017,
 * arXiv:1612.01105).
 */
export const pspnet: Architecture = {
  id: "pspnet",
  name: "PSPNet",
  summary: "Knows what the whole tile looks like; good where context decides.",
  source: "Zhao et al. 2017, arXiv:1612.01105, on a residual encoder of ResNet-18's depth",
  stride: OUTPUT_STRIDE * 8,
  width: { default: 32, minimum: 4, maximum: 128 },
  upsamplings: ["bilinear", "transposed"],
  build: ({ tileHeight, tileWidth, bands, classes, width, upsampling }) => {
    const builder = new ModelBuilder(tileHeight, tileWidth, bands);
    const { last } = residualEncoder(builder, width, OUTPUT_STRIDE);
    builder.endEncoder();
    const [height, featureWidth, channels] = last.outputShape;
    const branches = bins.map((count) => {
      const window = [height / count, featureWidth / count] as const;
      const pooled = builder.apply(averagePooling2d(window), last);
      // No normalization: over one number a tile it would leave nothing but noise.
      const definition = conv2d({ filters: channels / bins.length, kernelSize: 1, activation: "relu" });
      return builder.apply(upSampling2d(window, "bilinear"), builder.apply(definition, pooled));
    });
    const joined = builder.apply(concatenateLayer(), [last, ...branches]);
    const mixed = convolveNormalizeActivate(builder, joined, { filters: width * 4, kernelSize: 3 });
    const logits = builder.apply(
      conv2d({ filters: classes, kernelSize: 1 }),
      builder.apply(dropout(0.1), mixed),
    );
    enlarge(builder, logits, OUTPUT_STRIDE, upsampling);
    return builder.finish();
  },
};
