import { z } from "zod";

const thirdPartiesSchema = z.object({
  version: z.literal(1),
  parts: z.array(z.object({ name: z.string(), version: z.string(), license: z.string(), text: z.string() })),
});

/** A part of the app that others made, with its licence. */
export type ThirdParty = z.infer<typeof thirdPartiesSchema>["parts"][number];

/** What the build has gathered beside the page (`scripts/build/third-party.mjs`); null where it hasn't, as with the dev server. */
export async function readThirdParties(): Promise<readonly ThirdParty[] | null> {
  try {
    const answer = await fetch("./third-party.json");
    return answer.ok ? thirdPartiesSchema.parse(await answer.json()).parts : null;
  } catch {
    return null;
  }
}
