import { expect, test } from "vitest";
import { defaultSettings } from "./presets.ts";
import { settingsRows } from "#shared/training/settings-rows.ts";

test("settings stand side by side, and what differs is told", () => {
  const other = {
    ...defaultSettings,
    batch: 7,
    optimizer: { kind: "adamw", weightDecay: 0.01 },
    split: {
      kind: "list",
      training: Array.from({ length: 9 }, (_, index) => `a_${index}`),
      validation: ["b"],
    },
  } as const;
  const rows = settingsRows([
    defaultSettings,
    { ...other, split: { ...other.split, training: [...other.split.training], validation: ["b"] } },
  ]);
  const row = (key: string) => rows.find((one) => one.key === key);
  expect(row("batch")).toEqual({
    key: "batch",
    words: "batch",
    values: [String(defaultSettings.batch), "7"],
    differs: true,
  });
  expect(row("seed")?.differs).toBe(false);
  expect([row("optimizer.kind")?.words, row("learningRate")?.words]).toEqual(["optimizer", "learning rate"]);
  expect(row("optimizer.weightDecay")?.values).toEqual(["–", "0.01"]);
  expect(row("split.training")?.values[1]).toMatch(/^9 items, [0-9a-f]{8}$/);
  expect(row("split.validation")?.values[1]).toBe("b");
});
