import type { Run } from "#shared/training/run.ts";
import { listArchitectures, type ArchitectureEntry } from "../../engine/catalog.ts";
import { RpcError } from "#shared/rpc/errors.ts";

/** The catalog's entry of an architecture; throws `invalid-input` with the known ids. */
export function architectureEntry(id: string): ArchitectureEntry {
  const entries = listArchitectures();
  const entry = entries.find((candidate) => candidate.id === id);
  if (entry === undefined) {
    throw new RpcError(
      "invalid-input",
      `There is no network “${id}”: choose one of ${entries.map((known) => known.id).join(", ")}.`,
    );
  }
  return entry;
}

/** Side of what a run's network sees, in pixels: as asked for, rounded up to what the architecture can take. */
export function networkSide({ settings }: Pick<Run, "settings">): number {
  const { stride } = architectureEntry(settings.architecture);
  return Math.ceil((settings.inputPixels ?? settings.tilePixels) / stride) * stride;
}
