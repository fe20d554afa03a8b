import { expect, test } from "vitest";
import { lossTerms, withLossTerm, withTermChanged } from "./loss-sum.ts";

test("terms are added and taken out of the sum; one always stays", () => {
  expect(lossTerms("crossentropy + dice")).toEqual(["crossentropy", "dice"]);
  expect(withLossTerm("crossentropy", "dice", true)).toBe("crossentropy+dice");
  expect(withLossTerm("crossentropy+dice", "crossentropy", false)).toBe("dice");
  expect(withLossTerm("dice", "dice", false)).toBe("dice");
  expect(withLossTerm("dice", "dice", true)).toBe("dice");
});

test("a term's weight and numbers change by themselves; an emptied number goes back to its default", () => {
  expect(withTermChanged("focal+dice", "dice", { weight: 0.5 })).toBe("focal+0.5*dice");
  const changed = withTermChanged("focal+0.5*dice", "focal", { parameter: { id: "gamma", value: 1 } });
  expect(changed).toBe("focal(gamma=1)+0.5*dice");
  expect(withLossTerm(changed, "iou", true)).toBe("focal(gamma=1)+0.5*dice+iou");
  expect(withTermChanged(changed, "focal", { parameter: { id: "gamma", value: null } })).toBe(
    "focal+0.5*dice",
  );
});
