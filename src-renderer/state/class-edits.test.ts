import { expect, test } from "vitest";
import type { LandClass } from "#shared/project/land-class.ts";
import { sameMeaning } from "#shared/project/same-meaning.ts";
import { ClassEdits } from "./class-edits.ts";

const before: LandClass[] = [
  { id: 0, name: "field", color: "#112233", ignore: false },
  { id: 1, name: "road", color: "#445566", ignore: false },
];

/** Edits whose saves are answered when the test says so. */
function slowHost() {
  const sent: LandClass[][] = [];
  const answers: (() => void)[] = [];
  const edits = new ClassEdits(before, {
    save: (classes) => {
      sent.push(classes);
      return new Promise((resolve) => answers.push(resolve));
    },
    onChange: () => undefined,
  });
  const change = (index: number, part: Partial<LandClass>): void => {
    edits.edit(edits.classes.map((item, position) => (position === index ? { ...item, ...part } : item)));
  };
  const answer = async (): Promise<void> => {
    answers.shift()?.();
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  return { edits, sent, change, answer };
}

test("a snapshot from before the save takes no edit back", async () => {
  const { edits, sent, change, answer } = slowHost();
  change(1, { name: "street " });
  await answer();
  // It was made before the save, of a folder that was still being read.
  edits.takeSaved([...before, { id: 2, name: "water", color: "#abcdef", ignore: false }]);
  change(1, { color: "#00ff00" });
  expect(sent.at(-1)).toEqual([before[0], { id: 1, name: "street", color: "#00ff00", ignore: false }]);
});

test("saves go one after another, and of those that wait only the newest", async () => {
  const { sent, change, answer } = slowHost();
  change(0, { name: "a" });
  change(0, { name: "b" });
  change(0, { name: "c" });
  expect(sent).toHaveLength(1);
  await answer();
  expect(sent.map(([first]) => first?.name)).toEqual(["a", "c"]);
});

test("a snapshot that equals the edits by chance, while another save is in flight, is not their confirmation", async () => {
  const { edits, sent, change, answer } = slowHost();
  change(0, { name: "a" });
  change(0, { name: "field" });
  edits.takeSaved(before);
  await answer();
  edits.takeSaved(sent[0] ?? []);
  expect(edits.classes[0]?.name).toBe("field");
});

test("once the host has all edits, its own later changes are shown", async () => {
  const { edits, sent, change, answer } = slowHost();
  change(0, { name: "a " });
  // The snapshot may come before the answer.
  edits.takeSaved(sent[0] ?? []);
  await answer();
  expect(edits.classes[0]?.name).toBe("a");
  edits.takeSaved(before);
  expect(edits.classes).toBe(before);
});

test("other colours or another order leave a run's classes what they were", () => {
  const recoloured = before.map((item) => ({ ...item, color: "#000000" })).reverse();
  expect(sameMeaning(before, recoloured)).toBe(true);
  expect(sameMeaning(before, before.slice(1))).toBe(false);
  expect(
    sameMeaning(before, [{ id: 0, name: "meadow", color: "#112233", ignore: false }, ...before.slice(1)]),
  ).toBe(false);
});
