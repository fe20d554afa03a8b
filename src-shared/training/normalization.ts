import { z } from "zod";

/** How a sample becomes the network's number: divided by 255, or `(sample - offset) / scale` for each band. */
export const normalizationSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("uint8") }),
  z.strictObject({ kind: z.literal("linear"), offset: z.array(z.number()), scale: z.array(z.number()) }),
]);
export type Normalization = z.infer<typeof normalizationSchema>;

/** ImageNet's mean of red, green and blue on the scale 0–255, as Keras' `vgg16.preprocess_input` subtracts it. */
const IMAGENET_MEANS = [123.68, 116.779, 103.939];

/**
 * The same with ImageNet's means taken away, for three bands: what networks see that began with Keras' VGG16. A convolution pads with zeros after that, so the
 * means can't be in its bias instead: the image's border would see another colour.
 */
export function centredNormalization(normalization: Normalization): Normalization {
  const { offset, scale } =
    normalization.kind === "linear" ? normalization : { offset: [0, 0, 0], scale: [255, 255, 255] };
  return {
    kind: "linear",
    offset: offset.map((low, band) => low + ((scale[band] ?? 1) * (IMAGENET_MEANS[band] ?? 0)) / 255),
    scale,
  };
}
