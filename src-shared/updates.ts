import { z } from "zod";

/** How this copy of Orthomask stands to newer ones. Nothing is asked of any server but in `looking` and `downloading`. */
export const updateStateSchema = z.discriminatedUnion("kind", [
  /** A copy that can't replace itself: a page in a browser, a checkout, the `.tar.gz`. */
  z.strictObject({ kind: z.literal("not-here") }),
  z.strictObject({ kind: z.literal("no-feed") }),
  z.strictObject({ kind: z.literal("unusable-feed"), reason: z.string() }),
  /** There is a feed, and nobody has switched looking on. */
  z.strictObject({ kind: z.literal("off"), feed: z.string() }),
  z.strictObject({ kind: z.literal("looking"), feed: z.string() }),
  z.strictObject({ kind: z.literal("newest"), feed: z.string() }),
  /** There is a newer one, and it wasn't wanted now. */
  z.strictObject({ kind: z.literal("declined"), feed: z.string(), version: z.string() }),
  z.strictObject({ kind: z.literal("downloading"), feed: z.string(), version: z.string() }),
  z.strictObject({
    kind: z.literal("downloaded"),
    feed: z.string(),
    version: z.string(),
    installedOnQuit: z.boolean(),
  }),
  z.strictObject({ kind: z.literal("failed"), feed: z.string(), reason: z.string() }),
]);
export type UpdateState = z.infer<typeof updateStateSchema>;

/** What somebody may want of updates; `tell` changes nothing. */
export const updateWishSchema = z.enum(["tell", "switch-on", "switch-off", "look-now"]);
export type UpdateWish = z.infer<typeof updateWishSchema>;
