import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { weightsInputSchema } from "#shared/training/weights-report.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { expectWeights, runFiles, type StoredRun } from "../runs/index.ts";
import { writeFileWhole } from "../write-file-whole.ts";

const firstWeightsSchema = z.strictObject({
  path: z.string(),
  name: z.string(),
  /** What images they were learned from; null goes by the file's name. */
  input: weightsInputSchema.nullable().default("unit"),
});

/** A file of weights that a training begins with, and what people call it. */
export type FirstWeights = z.infer<typeof firstWeightsSchema>;

/** The best weights of a run as what another begins with. Throws `conflict` when no epoch of it has finished, and where they are gone. */
export async function weightsOfRun(stored: StoredRun): Promise<FirstWeights> {
  const { run } = stored;
  if (run.best === null) {
    throw new RpcError("conflict", `${run.name} has no finished epoch whose weights could be taken.`);
  }
  const input = run.startedFrom?.input;
  return {
    path: await expectWeights(stored, "best"),
    name: run.name,
    input: input === "imagenet" || input === "centred" ? "centred" : "unit",
  };
}

/** Notes beside a run what it begins with, for the job and for taking it up again before its first epoch has ended. */
export async function writeFirstWeights(directory: string, weights: FirstWeights): Promise<void> {
  await writeFileWhole(path.join(directory, runFiles.firstWeights), JSON.stringify(weights));
}

/** What a run begins with; null where its weights are drawn. */
export async function readFirstWeights(directory: string): Promise<FirstWeights | null> {
  const text = await readFile(path.join(directory, runFiles.firstWeights), "utf8").catch(() => null);
  return text === null ? null : firstWeightsSchema.parse(JSON.parse(text));
}
