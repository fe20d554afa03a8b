import { z } from "zod";
import { idSchema } from "../project/mosaic.ts";

/**
 * How a network was given the images that its weights were learned from: `unit` as ours are (bands as they are, 0–1); `imagenet` as Keras' published VGG16 (blue,
 * green, red, 0–255 less ImageNet's means); `centred` as networks of ours that began with such weights (bands as they are, 0–1 less those means).
 */
export const weightsInputSchema = z.enum(["unit", "imagenet", "centred"]);
export type WeightsInput = z.infer<typeof weightsInputSchema>;

/** What a training may begin with instead of drawn weights: a file by the id that its folder's listing gave it, or the best of a run. */
export const weightsSourceSchema = z.discriminatedUnion("kind", [
  /** `input` null goes by the file's name: Keras' own VGG16 files are `imagenet`, all others `unit`. */
  z.strictObject({
    kind: z.literal("file"),
    fileId: idSchema,
    input: weightsInputSchema.exclude(["centred"]).nullable(),
  }),
  z.strictObject({ kind: z.literal("run"), runId: idSchema }),
]);
export type WeightsSource = z.infer<typeof weightsSourceSchema>;

/** What a weights file gave a network, layer by layer of the network. */
export const weightsReportSchema = z.strictObject({
  /** The file's or run's name. */
  source: z.string(),
  /** What the layer that sees the image expects; null where it wasn't taken, or doesn't see three bands. */
  input: weightsInputSchema.nullable().default("unit"),
  /** Names of the layers whose weights were taken. */
  loaded: z.array(z.string()),
  /** Layers that begin at random instead, and why: `found` null where the file has no such layer. */
  skipped: z.array(z.strictObject({ layer: z.string(), expected: z.string(), found: z.string().nullable() })),
  /** Layers of the file that the network doesn't have. */
  unused: z.array(z.string()),
});
export type WeightsReport = z.infer<typeof weightsReportSchema>;

/** The report in a sentence, with a second one for each layer that was skipped. */
export function weightsSentences({ source, input, loaded, skipped, unused }: WeightsReport): string[] {
  const all = loaded.length + skipped.length;
  return [
    `${loaded.length} of ${all} layers begin with the weights of ${source}.`,
    ...(input === "imagenet"
      ? [
          "They were learned from images in BGR less ImageNet's means: the first layer is turned to RGB, and the imagery loses those means.",
        ]
      : []),
    ...skipped.map(({ layer, expected, found }) =>
      found === null
        ? `${layer} begins at random: the file has no layer of that name.`
        : `${layer} begins at random: ${expected} expected, ${found} found.`,
    ),
    ...(unused.length === 0 ? [] : [`Not used: ${unused.join(", ")}.`]),
  ];
}

/** Why nothing of a file could be taken, with the first layer whose name is there but not its shape. */
export function nothingFitsSentence({ source, skipped }: WeightsReport, network: string): string {
  const other = skipped.find(({ found }) => found !== null);
  const example =
    other === undefined
      ? ""
      : `: ${other.layer} expects ${other.expected}, found ${other.found ?? "nothing"}`;
  return `${source} has no layer that ${network} could begin with: none has the same name and shape${example}.`;
}
