import { expect, test } from "vitest";
import type { LabelPaint } from "./labelling.svelte.ts";
import { OwnSteps, type OwnStep } from "./own-steps.ts";

function step(): OwnStep {
  const paint: LabelPaint = { paintable: new Uint8Array(256), parts: [], state: { kind: "sent" } };
  return { mosaicId: "one", paint };
}

function stored(steps: OwnSteps, made: OwnStep, revision: number | null): void {
  steps.begin();
  steps.end(made, revision);
}

test("moves through this page's own steps, told of before or after the answer", () => {
  const steps = new OwnSteps();
  const [first, second] = [step(), step()];
  stored(steps, first, 1);
  steps.told("one", 1);
  steps.begin();
  steps.told("one", 2);
  steps.end(second, 2);
  expect(steps.move("undo")).toBe(second);
  steps.made("one", 3);
  steps.told("one", 3);
  expect(steps.move("undo")).toBe(first);
  expect(steps.move("redo")).toBe(first);
  expect(steps.move("redo")).toBe(second);
  expect(steps.move("redo")).toBeNull();
});

test("knows of none after somebody else's change, while an edit is under way, or where an edit changed nothing", () => {
  const steps = new OwnSteps();
  const first = step();
  stored(steps, first, 1);
  steps.told("one", 2);
  expect(steps.move("undo")).toBeNull();
  stored(steps, first, 3);
  steps.begin();
  expect(steps.move("undo")).toBeNull();
  steps.end(step(), null);
  expect(steps.move("undo")).toBeNull();
  stored(steps, first, 4);
  stored(steps, step(), null);
  expect(steps.move("undo")).toBe(first);
});
