import { z } from "zod";
import { RUN_VERSION, runSchema } from "./run.ts";

/** A run as it comes from `run.json`: one of an earlier version is led up to this one's. */
export const savedRunSchema = z.preprocess(upgradeRun, runSchema);

/** Version 1 says the same in the same words, but for what came later: states of a queue, tags, what the data was. */
function upgradeRun(saved: unknown): unknown {
  return typeof saved === "object" && saved !== null && "version" in saved && saved.version === 1
    ? { ...saved, version: RUN_VERSION }
    : saved;
}
