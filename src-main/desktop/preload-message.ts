import { z } from "zod";

const preloadMessageSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("request-port") }),
  /** The user dropped files or folders on the window; where they lie. */
  z.strictObject({ kind: z.literal("dropped"), paths: z.array(z.string()) }),
]);

/** What the preload script asks of the main process. */
export type PreloadMessage = z.infer<typeof preloadMessageSchema>;

/** The message in what came on the channel; null for anything else. */
export function preloadMessage(data: unknown): PreloadMessage | null {
  return preloadMessageSchema.safeParse(data).data ?? null;
}
