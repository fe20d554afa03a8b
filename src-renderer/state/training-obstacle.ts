import type { EngineStatus } from "#shared/contract.ts";
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
