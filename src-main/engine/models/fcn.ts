import { dropout } from "../layers/activation.ts";
import { conv2d } from "../layers/convolution.ts";
import type { Layer } from "../layers/layer.ts";
import { addLayer } from "../layers/merging.ts";
import { maxPooling2d } from "../layers/resizing.ts";
import type { Architecture } from "./architecture.ts";
import { ModelBuilder } from "./model.ts";
import { enlarge } from "./upsampling.ts";
import type { Upsampling } from "./upsampling.ts";

/** VGG16's convolutions: how many in each block and with how many filters (Simonyan and Zisserman 2015, arXiv:1409.1556). */
const blocks = [
  { count: 2, filters: 64 },
  { count: 2, filters: 128 },
  { count: 3, filters: 256 },
  { count: 3, filters: 512 },
  { count: 3, filters: 512 },
];

const SOURCE = "Long, Shelhamer and Darrell 2015, arXiv:1411.4038, in the notebook's form";

/**
 * FCN-32: VGG16 with its dense layers as convolutions, enlarged 32 times in one go (Long, Shelhamer and Darrell 2015,
 * arXiv:1411.4038; layers and names as in the course notebook).
 */
export const fcn32: Architecture = {
  ...common("fcn32", "FCN-32", "VGG16 made convolutional; coarse outlines, a well-known baseline."),
  build: ({ tileHeight, tileWidth, bands, classes, upsampling }) => {
    const builder = new ModelBuilder(tileHeight, tileWidth, bands);
    const { features } = vggFeatures(builder);
    enlargeScores(builder, score(builder, features, classes), 32, upsampling);
    return builder.finish();
  },
};

/** FCN-16: adds what the fourth block sees, at twice the resolution (Long, Shelhamer and Darrell 2015, arXiv:1411.4038). */
export const fcn16: Architecture = {
  ...common("fcn16", "FCN-16", "FCN-32 with one skip connection; finer outlines."),
  build: ({ tileHeight, tileWidth, bands, classes, upsampling }) => {
    const builder = new ModelBuilder(tileHeight, tileWidth, bands);
    const { features, pools } = vggFeatures(builder);
    const skip = { upsampling, classes };
    const joined = join(builder, score(builder, features, classes), pools[3], "score_pool4", skip);
    enlargeScores(builder, joined, 16, upsampling);
    return builder.finish();
  },
};

/** FCN-8: adds what the fourth and third block see (Long, Shelhamer and Darrell 2015, arXiv:1411.4038). */
export const fcn8: Architecture = {
  ...common("fcn8", "FCN-8", "FCN-32 with two skip connections; the finest of the three."),
  build: ({ tileHeight, tileWidth, bands, classes, upsampling }) => {
    const builder = new ModelBuilder(tileHeight, tileWidth, bands);
    const { features, pools } = vggFeatures(builder);
    const skip = { upsampling, classes };
    const sixteenth = join(builder, score(builder, features, classes), pools[3], "score_pool4", skip);
    const eighth = join(builder, sixteenth, pools[2], "score_pool3", skip);
    enlargeScores(builder, eighth, 8, upsampling);
    return builder.finish();
  },
};

function common(id: string, name: string, summary: string): Omit<Architecture, "build"> {
  const upsamplings = ["bilinear", "transposed"] as const;
  return { id, name, summary, source: SOURCE, stride: 32, width: null, upsamplings };
}

/** The last step: scores at the image's size. */
function enlargeScores(builder: ModelBuilder, scores: Layer, factor: number, kind: Upsampling): void {
  const name = kind === "transposed" ? "upscore" : "bilinear_up_sampling2d";
  enlarge(builder, scores, factor, kind, name);
}

/** VGG16's blocks, then `fc1` and `fc2` as convolutions with dropout; names as in Keras' VGG16, so that its weights fit. */
function vggFeatures(builder: ModelBuilder): { features: Layer; pools: Layer[] } {
  const pools: Layer[] = [];
  let layer = builder.input;
  for (const [index, { count, filters }] of blocks.entries()) {
    const block = `block${index + 1}`;
    for (let position = 1; position <= count; position += 1) {
      const definition = conv2d({ filters, kernelSize: 3, activation: "relu" });
      layer = builder.apply(definition, layer, `${block}_conv${position}`);
    }
    layer = builder.apply(maxPooling2d(), layer, `${block}_pool`);
    pools.push(layer);
  }
  builder.endEncoder();
  for (const [name, kernelSize] of [
    ["fc1", 7],
    ["fc2", 1],
  ] as const) {
    layer = builder.apply(conv2d({ filters: 4096, kernelSize, activation: "relu" }), layer, name);
    layer = builder.apply(dropout(0.5), layer);
  }
  return { features: layer, pools };
}

/** One number a class and position. */
function score(builder: ModelBuilder, layer: Layer, classes: number, name?: string): Layer {
  const definition = conv2d({ filters: classes, kernelSize: 1, padding: "valid", initializer: "he-normal" });
  return builder.apply(definition, layer, name);
}

/** Enlarges coarse scores twice and adds those of a finer layer. */
function join(
  builder: ModelBuilder,
  coarse: Layer,
  finer: Layer | undefined,
  name: string,
  { upsampling, classes }: { readonly upsampling: Upsampling; readonly classes: number },
): Layer {
  if (finer === undefined) {
    throw new Error(`${name} has no layer to score.`);
  }
  const enlarged = enlarge(builder, coarse, 2, upsampling);
  return builder.apply(addLayer(), [enlarged, score(builder, finer, classes, name)]);
}
