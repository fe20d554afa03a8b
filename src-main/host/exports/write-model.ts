import { stat } from "node:fs/promises";
import { countedClasses } from "#shared/metrics/confusion-matrix.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { ModelFormat } from "#shared/training/model-format.ts";
import type { Run } from "#shared/training/run.ts";
import { modelOfRun, type Engine } from "../engine/index.ts";
import { plainName } from "./plain-name.ts";
import { expectWeights, networkSide, type Runs, type StoredRun } from "../runs/index.ts";

/** What exports of networks need. */
export interface ModelSource {
  readonly engine: Engine;
  readonly runs: Runs;
}

/** What a run's network is called as a file, or as a folder for a SavedModel. */
export function modelFileName(run: Pick<Run, "name" | "id">, format: ModelFormat): string {
  const readable = plainName(run.name);
  const stem = readable === "" ? run.id : readable;
  switch (format) {
    case "savedmodel":
      return `${stem}-savedmodel`;
    case "keras":
      return `${stem}.weights.h5`;
    case "onnx":
      return `${stem}.onnx`;
  }
}

/** Throws `conflict` for a run without a finished epoch: it has learned nothing yet. */
export function expectBest({ name, best }: Run): void {
  if (best === null) {
    throw new RpcError("conflict", `${name} has no finished epoch to export: train it further first.`);
  }
}

/** Refuses to write where something stands: an exported network carries no mark by which to know it as ours. */
export async function refuseExisting(outputPath: string): Promise<void> {
  if ((await stat(outputPath).catch(() => null)) !== null) {
    throw new RpcError("conflict", `${outputPath} is there already. Choose another place, or move it.`);
  }
}

/** Writes the best network of a run and answers the files written, the main one first. */
export async function exportModelOfRun(
  engine: Engine,
  { run, directory }: StoredRun,
  output: { readonly format: ModelFormat; readonly path: string; readonly version: string },
): Promise<string[]> {
  expectBest(run);
  const weights = await expectWeights({ run, directory }, "best");
  const pixelShare = run.settings.tilePixels / networkSide(run);
  try {
    const client = await engine.client();
    const { paths } = await client.engine.exportModel({
      model: modelOfRun(run),
      weights,
      format: output.format,
      path: output.path,
      normalization: run.input.normalization,
      classNames: countedClasses(run.classes).map(({ name }) => name),
      resolutionCentimeters:
        run.pixelMeters === undefined ? null : Number((run.pixelMeters * pixelShare * 100).toPrecision(6)),
      producer: `Orthomask ${output.version}`,
    });
    return paths;
  } catch (error) {
    throw await engine.explained(error);
  }
}
