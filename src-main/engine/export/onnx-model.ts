import type { Layer } from "../layers/layer.ts";
import { logitsLayer } from "../models/model.ts";
import type { Model } from "../models/model.ts";
import type { WeightValues } from "../runtime/constant-weights.ts";
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor } from "./onnx-writer.ts";

/**
 * A network as ONNX operations, layer by layer: NCHW, as ONNX and what reads it want, so kernels are turned from
 * `[height, width, in, out]` to `[out, in, height, width]`. Dropout is left out, the softmax is put on the logits.
 */
export function onnxNodesOf(
  model: Model,
  weights: WeightValues,
): Pick<OnnxModel, "nodes" | "tensors" | "input" | "output"> {
  const converter = new OnnxConverter(model, weights);
  return converter.convert();
}

class OnnxConverter {
  readonly #nodes: OnnxNode[] = [];
  readonly #tensors: OnnxTensor[] = [];
  readonly #outputs = new Map<Layer, string>();
  readonly #model: Model;
  readonly #weights: WeightValues;

  constructor(model: Model, weights: WeightValues) {
    this.#model = model;
    this.#weights = weights;
  }

  convert(): Pick<OnnxModel, "nodes" | "tensors" | "input" | "output"> {
    const [first] = this.#model.layers;
    const logits = logitsLayer(this.#model);
    for (const layer of this.#model.layers) {
      this.#outputs.set(layer, this.#layer(layer));
      if (layer === logits) {
        break;
      }
    }
    this.#add("Softmax", "probabilities", [this.#outputOf(logits)], { axis: 1 });
    const shape = (layer: Layer): readonly ["batch", number, number, number] => {
      const [height, width, channels] = layer.outputShape;
      return ["batch", channels, height, width];
    };
    return {
      nodes: this.#nodes,
      tensors: this.#tensors,
      input: { name: "image", shape: shape(first as Layer) },
      output: { name: "probabilities", shape: shape(logits) },
    };
  }

  /** Adds what a layer does; returns the name of its output. */
  #layer(layer: Layer): string {
    const { type, config } = layer.definition;
    const inputs = layer.inputs.map((input) => this.#outputOf(input));
    switch (type) {
      case "InputLayer":
        return "image";
      case "Dropout":
        return inputs[0] ?? "";
      case "Conv2D":
      case "DepthwiseConv2D":
        return this.#convolution(layer, inputs);
      case "Conv2DTranspose":
        return this.#transposed(layer, inputs);
      case "BatchNormalization":
        return this.#add(
          "BatchNormalization",
          layer.name,
          [
            ...inputs,
            ...["gamma", "beta", "moving_mean", "moving_variance"].map((name) => this.#weight(layer, name)),
          ],
          { epsilon: { float: Number(config["epsilon"]) } },
        );
      case "Activation":
        return config["activation"] === "relu"
          ? this.#add("Relu", layer.name, inputs, {})
          : this.#add("Softmax", layer.name, inputs, { axis: 1 });
      case "MaxPooling2D":
        return this.#maxPooling(layer, inputs);
      case "AveragePooling2D":
        return this.#add("AveragePool", layer.name, inputs, poolingAttributes(layer));
      case "UpSampling2D":
        return this.#enlarged(layer, inputs);
      case "MaxUnpooling2D": {
        const pooling = layer.inputs[2] as Layer;
        const attributes = poolingAttributes(pooling);
        return this.#add(
          "MaxUnpool",
          layer.name,
          [inputs[0] ?? "", `${this.#outputOf(pooling)}/positions`],
          attributes,
        );
      }
      case "Concatenate":
        return this.#add("Concat", layer.name, inputs, { axis: 1 });
      case "Add":
        return this.#add("Add", layer.name, inputs, {});
      default:
        throw new Error(`${type} (layer ${layer.name}) can't be written as ONNX yet.`);
    }
  }

  #convolution(layer: Layer, inputs: readonly string[]): string {
    const { type, config } = layer.definition;
    const [height, width] = (layer.inputs[0] as Layer).outputShape;
    const kernel = Number(config["kernelSize"]);
    const stride = Number(config["stride"]);
    const dilation = Number(config["dilation"]);
    const isPadded = config["padding"] !== "valid";
    const [above, below] = isPadded ? samePadding(height, kernel, stride, dilation) : [0, 0];
    const [left, right] = isPadded ? samePadding(width, kernel, stride, dilation) : [0, 0];
    // Depthwise kernels are [height, width, channels, 1]: as many groups as channels, one filter each.
    const order = type === "DepthwiseConv2D" ? ([2, 3, 0, 1] as const) : ([3, 2, 0, 1] as const);
    const group = type === "DepthwiseConv2D" ? layer.outputShape[2] : 1;
    const convolved = this.#add("Conv", layer.name, [...inputs, ...this.#kernelAndBias(layer, order)], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      dilations: [dilation, dilation],
      pads: [above, left, below, right],
      group,
    });
    return config["activation"] === "relu"
      ? this.#add("Relu", `${layer.name}/relu`, [convolved], {})
      : convolved;
  }

  #transposed(layer: Layer, inputs: readonly string[]): string {
    const { config } = layer.definition;
    const kernel = Number(config["kernelSize"]);
    const stride = Number(config["stride"]);
    const total = Math.max(0, kernel - stride);
    const before = Math.floor(total / 2);
    // TensorFlow's transposed kernels are [height, width, out, in], ONNX' are [in, out, height, width].
    return this.#add("ConvTranspose", layer.name, [...inputs, ...this.#kernelAndBias(layer, [3, 2, 0, 1])], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [before, before, total - before, total - before],
    });
  }

  #maxPooling(layer: Layer, inputs: readonly string[]): string {
    const isUndone = this.#model.layers.some(
      ({ definition, inputs: others }) => definition.type === "MaxUnpooling2D" && others[2] === layer,
    );
    const node = {
      operation: "MaxPool",
      name: layer.name,
      inputs,
      attributes: poolingAttributes(layer),
      outputs: isUndone ? [layer.name, `${layer.name}/positions`] : [layer.name],
    };
    this.#nodes.push(node);
    return layer.name;
  }

  #enlarged(layer: Layer, inputs: readonly string[]): string {
    const { height, width, interpolation } = layer.definition.config;
    const scales = `${layer.name}/scales`;
    this.#tensors.push({
      name: scales,
      shape: [4],
      values: Float32Array.of(1, 1, Number(height), Number(width)),
    });
    return this.#add(
      "Resize",
      layer.name,
      [inputs[0] ?? "", "", scales],
      interpolation === "bilinear"
        ? { mode: "linear", coordinate_transformation_mode: "half_pixel" }
        : { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    );
  }

  #kernelAndBias(layer: Layer, order: readonly [number, number, number, number]): string[] {
    const kernel = layer.weights.find(({ name }) => name === "kernel");
    if (kernel === undefined) {
      throw new Error(`Layer ${layer.name} has no kernel.`);
    }
    const name = `${layer.name}/kernel`;
    const { shape, values } = transposed(this.#weights(name, kernel.shape), kernel.shape, order);
    this.#tensors.push({ name, shape, values });
    return layer.weights.length > 1 ? [name, this.#weight(layer, "bias")] : [name];
  }

  #weight(layer: Layer, weight: string): string {
    const { shape } = layer.weights.find(({ name }) => name === weight) ?? { shape: [] };
    const name = `${layer.name}/${weight}`;
    this.#tensors.push({ name, shape, values: this.#weights(name, shape) });
    return name;
  }

  #add(
    operation: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
  ): string {
    this.#nodes.push({ operation, name, inputs, outputs: [name], attributes });
    return name;
  }

  #outputOf(layer: Layer): string {
    const name = this.#outputs.get(layer);
    if (name === undefined) {
      throw new Error(`Layer ${layer.name} is used before it is written.`);
    }
    return name;
  }
}

function poolingAttributes(layer: Layer): { kernel_shape: number[]; strides: number[] } {
  const { height, width } = layer.definition.config;
  return { kernel_shape: [Number(height), Number(width)], strides: [Number(height), Number(width)] };
}

/** How many zeros TensorFlow's `SAME` puts before and after a row of `size` pixels. */
function samePadding(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
): [before: number, after: number] {
  const window = (kernel - 1) * dilation + 1;
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + window - size);
  const before = Math.floor(total / 2);
  return [before, total - before];
}

/** A tensor with its axes in another order: axis `index` of the result is axis `order[index]` of `values`. */
function transposed(
  values: Float32Array,
  shape: readonly number[],
  order: readonly [number, number, number, number],
): { shape: number[]; values: Float32Array } {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const newShape = order.map((axis) => shape[axis] ?? 1);
  const [first = 0, second = 0, third = 0, fourth = 0] = order.map((axis) => strides[axis] ?? 0);
  const [count0 = 1, count1 = 1, count2 = 1, count3 = 1] = newShape;
  const result = new Float32Array(values.length);
  let at = 0;
  for (let a = 0; a < count0; a += 1) {
    for (let b = 0; b < count1; b += 1) {
      for (let c = 0; c < count2; c += 1) {
        const start = a * first + b * second + c * third;
        for (let d = 0; d < count3; d += 1) {
          result[at] = values[start + d * fourth] ?? 0;
          at += 1;
        }
      }
    }
  }
  return { shape: newShape, values: result };
}
