import type { InferenceSession, Tensor } from "onnxruntime-node";
import { describeValues, modelValues, wrongFile, type ModelValue } from "./model-values.ts";
import type { SegmentFrame } from "./segments-port.ts";

/** The longest side of images where the file doesn't fix it, as in Segment Anything (Kirillov et al. 2023). */
const USUAL_SIDE = 1024;
/** ImageNet's means and deviations of red, green and blue, 0–255, that the family's encoders expect to be taken off outside. */
const MEANS = [123.675, 116.28, 103.53] as const;
const DEVIATIONS = [58.395, 57.12, 57.375] as const;

/**
 * How an encoder takes its image: planes (NCHW) or pixels (NHWC, HWC); colours normalized, from 0 to 1, or bytes as they are. Files don't say the second: those
 * exported with three dimensions or for bytes normalize within, and EfficientSAM's `batched_images` are from 0 to 1.
 */
export interface EncoderInput {
  readonly name: string;
  readonly type: "float32" | "uint8";
  readonly order: "planes" | "pixels";
  readonly dimensions: 3 | 4;
  readonly colors: "normalized" | "unit" | "bytes";
  readonly frame: SegmentFrame;
}

/** What the encoder's own input says; throws `invalid-input` for a file that encodes no image. */
export function encoderInput(session: InferenceSession, fileName: string): EncoderInput {
  const inputs = modelValues(session.inputMetadata);
  const [input] = inputs;
  const expected =
    "an image encoder with one input, an image of three channels ([1, 3, height, width], [1, height, width, 3] or [height, width, 3]),";
  if (input === undefined || inputs.length > 1) {
    throw wrongFile(fileName, expected, `it has the inputs ${describeValues(inputs)}`);
  }
  const { name, type, shape } = input;
  if (type !== "float32" && type !== "uint8") {
    throw wrongFile(fileName, expected, `its input is ${describeValues(inputs)}`);
  }
  const sides = layoutOf(shape);
  if (sides === null) {
    throw wrongFile(fileName, expected, `its input is ${describeValues(inputs)}`);
  }
  const { order, dimensions, height, width } = sides;
  const isOwnSize = dimensions === 3 && (height === null || width === null);
  return {
    name,
    type,
    order,
    dimensions,
    colors:
      type === "uint8" || dimensions === 3 ? "bytes" : name === "batched_images" ? "unit" : "normalized",
    frame: {
      fill: isOwnSize ? "image" : "whole",
      height: height ?? width ?? USUAL_SIDE,
      width: width ?? height ?? USUAL_SIDE,
    },
  };
}

function layoutOf(shape: ModelValue["shape"]): {
  readonly order: EncoderInput["order"];
  readonly dimensions: 3 | 4;
  readonly height: number | null;
  readonly width: number | null;
} | null {
  const [first = null, second = null, third = null, fourth = null] = shape;
  if (shape.length === 3 && (third === 3 || third === null)) {
    return { order: "pixels", dimensions: 3, height: first, width: second };
  }
  if (shape.length !== 4 || (first !== 1 && first !== null)) {
    return null;
  }
  if (second === 3 || (second === null && fourth !== 3)) {
    return { order: "planes", dimensions: 4, height: third, width: fourth };
  }
  return fourth === 3 ? { order: "pixels", dimensions: 4, height: second, width: third } : null;
}

/** An image in its frame as the encoder's tensor; what lies beyond the image is 0. Pixels without data are black. */
export function encoderTensor(
  makeTensor: typeof Tensor,
  input: EncoderInput,
  image: { readonly rgba: Uint8Array; readonly width: number; readonly height: number },
): Tensor {
  const { frame, order, type, colors } = input;
  const { rgba } = image;
  const width = frame.fill === "whole" ? frame.width : image.width;
  const height = frame.fill === "whole" ? frame.height : image.height;
  const values = type === "uint8" ? new Uint8Array(width * height * 3) : new Float32Array(width * height * 3);
  const [pixelStep, channelStep] = order === "planes" ? [1, width * height] : [3, 1];
  for (let channel = 0; channel < 3; channel++) {
    const [shift, scale] =
      colors === "normalized"
        ? [MEANS[channel] ?? 0, DEVIATIONS[channel] ?? 1]
        : [0, colors === "unit" ? 255 : 1];
    for (let row = 0; row < image.height; row++) {
      for (let column = 0; column < image.width; column++) {
        const value = rgba[(row * image.width + column) * 4 + channel] ?? 0;
        values[(row * width + column) * pixelStep + channel * channelStep] = (value - shift) / scale;
      }
    }
  }
  const sides = order === "planes" ? [3, height, width] : [height, width, 3];
  const dimensions = input.dimensions === 4 ? [1, ...sides] : sides;
  return values instanceof Uint8Array
    ? new makeTensor("uint8", values, dimensions)
    : new makeTensor("float32", values, dimensions);
}
