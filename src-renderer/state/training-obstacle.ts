import type { EngineStatus } from "#shared/contract.ts";
import type { TrainingPlan } from "#shared/training/training-settings.ts";
import type { PlanState } from "./training-form.svelte.ts";

/** Why a training can't be started now. `masks` deserves more than a sentence: the panel explains what a mask is. */
export type TrainingObstacle =
  { readonly kind: "masks" } | { readonly kind: "sentence"; readonly sentence: string };

interface Situation {
  readonly scanning: boolean;
  readonly labelledMosaics: number;
  readonly countedClasses: number;
  /** What is wrong with a field. */
  readonly fault: string | null;
  readonly engine: EngineStatus | null;
  readonly plan: PlanState;
}

/** A step that needs more memory than there is, with the batch that would fit; null where it fits or that isn't known. */
export function memoryShortage(
  plan: PlanState,
  batch: number,
): { readonly sentence: string; readonly memory: NonNullable<TrainingPlan["memory"]> } | null {
  if (plan.kind !== "ready" || plan.plan.memory === null || plan.stale) {
    return null;
  }
  const { memory, estimatedBytes } = plan.plan;
  if (memory.largestBatch === batch) {
    return null;
  }
  const needs = `A step with a batch of ${batch} needs about ${gigabytes(estimatedBytes)}, but this machine has ${gigabytes(memory.limitBytes)}`;
  return {
    memory,
    sentence:
      memory.largestBatch === null
        ? `${needs}, and even one tile needs ${gigabytes(memory.largestBatchBytes)}: choose a smaller tile, width or network.`
        : `${needs}; a batch of ${memory.largestBatch} needs about ${gigabytes(memory.largestBatchBytes)}.`,
  };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** The first thing that stands in the way of a training, or null when it can be started. */
export function trainingObstacle(situation: Situation): TrainingObstacle | null {
  const { scanning, labelledMosaics, countedClasses, fault, engine, plan } = situation;
  if (labelledMosaics === 0) {
    return scanning ? { kind: "sentence", sentence: "The folder is still being read." } : { kind: "masks" };
  }
  if (countedClasses < 2) {
    return {
      kind: "sentence",
      sentence: `A network tells classes apart, but this project has ${countedClasses === 1 ? "only one" : "none"} that isn’t ignored.`,
    };
  }
  if (fault !== null) {
    return { kind: "sentence", sentence: fault };
  }
  if (engine?.kind === "unavailable") {
    return { kind: "sentence", sentence: engine.reason };
  }
  switch (plan.kind) {
    case "none":
      return { kind: "sentence", sentence: "Counting tiles…" };
    case "refused":
      return { kind: "sentence", sentence: plan.reason };
    case "ready":
      return plan.plan.trainingTiles === 0
        ? {
            kind: "sentence",
            sentence: "No tile is left to train on: choose smaller tiles or another split.",
          }
        : null;
  }
}
