import { expect, test } from "vitest";
import { isSample, tourProgress, tourSteps, tourWords } from "./guided-tour.ts";
import type { TourFacts } from "./guided-tour.ts";

const nothing: TourFacts = {
  strokes: 0,
  trained: false,
  placesSeen: false,
  exported: false,
  trainingLost: false,
};

test("a step is done by what happened in the app, and the next one follows", () => {
  const currents = [
    nothing,
    { ...nothing, strokes: 2 },
    { ...nothing, strokes: 3 },
    { ...nothing, strokes: 3, trained: true },
    { ...nothing, strokes: 4, trained: true, placesSeen: true },
    { ...nothing, strokes: 4, trained: true, placesSeen: true, exported: true },
  ].map((facts) => tourProgress(facts).current?.id ?? null);
  expect(currents).toEqual(["label", "label", "train", "matrix", "export", null]);
});

test("steps done out of turn stay done; the first that is left is shown", () => {
  const { current, done } = tourProgress({ ...nothing, trained: true, exported: true });
  expect(current?.id).toBe("label");
  expect([...done]).toEqual(["train", "export"]);
});

test("what was done before a reload stays done", () => {
  expect(tourProgress(nothing, ["label", "train"]).current?.id).toBe("matrix");
});

test("a training that ended with nothing is told of, and how to begin another", () => {
  const [, train] = tourSteps;
  expect(tourWords(train, nothing)).toBe(train.words);
  expect(tourWords(train, { ...nothing, trainingLost: true })).toContain("New training");
});

test("each step is in a mode of its own and points to something", () => {
  expect(new Set(tourSteps.map(({ mode }) => mode)).size).toBe(4);
  expect(tourSteps.every(({ controls }) => controls.length > 0)).toBe(true);
});

test("only the sample in its own folder is one", () => {
  expect(isSample({ name: "sample", mosaics: [{ name: "sample-1" }, { name: "sample-2" }] })).toBe(true);
  expect(isSample({ name: "sample", mosaics: [] })).toBe(false);
  expect(isSample({ name: "sample", mosaics: [{ name: "sample-1" }, { name: "east" }] })).toBe(false);
  expect(isSample({ name: "my sample", mosaics: [{ name: "sample-1" }] })).toBe(false);
});
