import type { Normalization } from "#shared/training/normalization.ts";
import type { Layer } from "../layers/layer.ts";
import { logitsLayer } from "../models/model.ts";
import type { Model } from "../models/model.ts";

/** The layer that Keras doesn't have, as it stands in scripts that need it. */
const UNPOOLING = `
@keras.saving.register_keras_serializable("orthomask")
class MaxUnpooling2D(keras.layers.Layer):
    """Puts each number where a 2x2 max pooling had found its maximum (Badrinarayanan et al. 2017)."""

    def call(self, inputs):
        values, image, pooled = inputs
        repeated = keras.ops.repeat(keras.ops.repeat(pooled, 2, axis=1), 2, axis=2)
        batch, height, width, channels = tf.unstack(tf.shape(image))
        blocks = lambda x: tf.reshape(
            tf.transpose(tf.reshape(x, [batch, height // 2, 2, width // 2, 2, channels]), [0, 1, 3, 5, 2, 4]),
            [batch, height // 2, width // 2, channels, 4])
        # The first of equal maxima counts, row by row.
        first = tf.one_hot(tf.argmax(blocks(tf.cast(image == repeated, tf.int32)), axis=-1), 4, dtype=values.dtype)
        placed = tf.reshape(first * values[..., None], [batch, height // 2, width // 2, channels, 2, 2])
        return tf.reshape(tf.transpose(placed, [0, 1, 4, 2, 5, 3]), [batch, height, width, channels])

    def compute_output_shape(self, input_shape):
        return input_shape[1]

`;

/** A Python module whose `build_model()` makes the network in Keras 3, from raw samples to class probabilities. */
export function kerasScript(
  model: Model,
  options: {
    readonly normalization: Normalization;
    readonly classNames: readonly string[];
    readonly weightsFile: string;
    readonly producer: string;
  },
): string {
  const logits = logitsLayer(model);
  const until = model.layers.indexOf(logits) + 1;
  const [height, width, bands] = (model.layers[0] as Layer).outputShape;
  const usesUnpooling = model.layers.some(({ definition }) => definition.type === "MaxUnpooling2D");
  const lines = model.layers.slice(1, until).map((layer) => `    ${nameOf(layer)} = ${callOf(layer)}`);
  return `"""A network trained with Orthomask, for Keras 3. Written by ${options.producer}.

    model = build_model()
    model.load_weights("${options.weightsFile}")
    probabilities = model.predict(images)  # images: samples as the imagery has them, [tiles, ${height}, ${width}, ${bands}]
"""
import keras
${usesUnpooling ? `import tensorflow as tf\n${UNPOOLING}` : ""}
CLASS_NAMES = ${JSON.stringify(options.classNames)}


def build_model():
    image = keras.Input((${height}, ${width}, ${bands}), name="${model.layers[0]?.name ?? "input_layer"}")
    ${nameOf(model.layers[0] as Layer)} = ${rescaling(options.normalization)}(image)
${lines.join("\n")}
    probabilities = keras.layers.Softmax(name="probabilities")(${nameOf(logits)})
    return keras.Model(image, probabilities)
`;
}

function rescaling(normalization: Normalization): string {
  if (normalization.kind === "uint8") {
    return "keras.layers.Rescaling(1 / 255)";
  }
  const { offset, scale } = normalization;
  const factors = scale.map((value) => 1 / value);
  const shifts = offset.map((value, band) => -value / (scale[band] ?? 1));
  return `keras.layers.Rescaling(${JSON.stringify(factors)}, offset=${JSON.stringify(shifts)})`;
}

/** A layer's output as a Python variable. */
function nameOf({ name }: Layer): string {
  return `x_${name.replaceAll(/\W/g, "_")}`;
}

function callOf(layer: Layer): string {
  const { type, config } = layer.definition;
  const inputs = layer.inputs.map(nameOf);
  const input = inputs.length === 1 ? inputs[0] : `[${inputs.join(", ")}]`;
  const words = argumentsOf(type, config);
  const owner = type === "MaxUnpooling2D" ? "" : "keras.layers.";
  return `${owner}${type}(${[...words, `name="${layer.name}"`].join(", ")})(${input})`;
}

function argumentsOf(type: string, config: Layer["definition"]["config"]): string[] {
  const text = (key: string): string => JSON.stringify(config[key] ?? null);
  const truth = (key: string): string => (config[key] === true ? "True" : "False");
  switch (type) {
    case "Conv2D":
      return [
        text("filters"),
        text("kernelSize"),
        `strides=${text("stride")}`,
        `dilation_rate=${text("dilation")}`,
        `padding=${text("padding")}`,
        `use_bias=${truth("bias")}`,
        `activation=${text("activation")}`,
      ];
    case "Conv2DTranspose":
      return [
        text("filters"),
        text("kernelSize"),
        `strides=${text("stride")}`,
        `padding="same"`,
        `use_bias=${truth("bias")}`,
      ];
    case "DepthwiseConv2D":
      return [text("kernelSize"), `padding="same"`, `use_bias=${truth("bias")}`];
    case "BatchNormalization":
      return [`momentum=${text("momentum")}`, `epsilon=${text("epsilon")}`];
    case "Activation":
      return [text("activation")];
    case "Dropout":
      return [text("rate")];
    case "MaxPooling2D":
    case "AveragePooling2D":
      return [`(${text("height")}, ${text("width")})`];
    case "UpSampling2D":
      return [`(${text("height")}, ${text("width")})`, `interpolation=${text("interpolation")}`];
    case "Concatenate":
    case "Add":
    case "MaxUnpooling2D":
      return [];
    default:
      throw new Error(`${type} can't be written for Keras yet.`);
  }
}
