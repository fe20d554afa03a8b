import { z } from "zod";

/** How a sample becomes the network's number: divided by 255, or `(sample - offset) / scale` for each band. */
export const normalizationSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("uint8") }),
  z.strictObject({ kind: z.literal("linear"), offset: z.array(z.number()), scale: z.array(z.number()) }),
]);
export type Normalization = z.infer<typeof normalizationSchema>;
