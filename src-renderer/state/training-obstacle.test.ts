import { expect, test } from "vitest";
import type { PlanState } from "./training-form.svelte.ts";
import { memoryShortage, trainingObstacle } from "./training-obstacle.ts";

const plan = (trainingTiles: number): PlanState =>
  ({ kind: "ready", stale: false, plan: { trainingTiles } }) as unknown as PlanState;
const ready = {
  scanning: false,
  labelledMosaics: 2,
  countedClasses: 5,
  fault: null,
  engine: null,
  plan: plan(12),
};

test("nothing stands in the way", () => {
  expect(trainingObstacle(ready)).toBeNull();
});

test("the first obstacle is told", () => {
  expect(trainingObstacle({ ...ready, labelledMosaics: 0 })).toEqual({ kind: "masks" });
  expect(trainingObstacle({ ...ready, labelledMosaics: 0, scanning: true })?.kind).toBe("sentence");
  expect(trainingObstacle({ ...ready, countedClasses: 1 })).toEqual({
    kind: "sentence",
    sentence: "A network tells classes apart, but this project has only one that isn’t ignored.",
  });
  const fault = "Epochs must be 1 to 100,000.";
  expect(trainingObstacle({ ...ready, fault })).toEqual({ kind: "sentence", sentence: fault });
  const engine = { kind: "unavailable", reason: "TensorFlow isn't installed." } as const;
  expect(trainingObstacle({ ...ready, engine })).toMatchObject({ sentence: engine.reason });
  const refused = { kind: "refused", reason: "A tile is larger than every mosaic.", stale: false } as const;
  expect(trainingObstacle({ ...ready, plan: refused })).toMatchObject({ sentence: refused.reason });
  expect(trainingObstacle({ ...ready, plan: plan(0) })?.kind).toBe("sentence");
});

test("a step too large for the machine is told with the batch that fits", () => {
  const planned = (largestBatch: number | null): PlanState =>
    ({
      kind: "ready",
      stale: false,
      plan: {
        estimatedBytes: 40e9,
        memory: { limitBytes: 16e9, freeBytes: 9e9, largestBatch, largestBatchBytes: 12.34e9 },
      },
    }) as unknown as PlanState;
  expect(memoryShortage(planned(16), 16)).toBeNull();
  expect(memoryShortage(planned(4), 16)?.sentence).toBe(
    "A step with a batch of 16 needs about 40.0 GB, but this machine has 16.0 GB; a batch of 4 needs about 12.3 GB.",
  );
  expect(memoryShortage(planned(null), 16)?.sentence).toContain("even one tile needs 12.3 GB");
});
