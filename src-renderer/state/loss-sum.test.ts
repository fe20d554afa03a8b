import { expect, test } from "vitest";
import { lossTerms, withLossTerm } from "./loss-sum.ts";

test("terms are added and taken out of the sum; one always stays", () => {
  expect(lossTerms("crossentropy + dice")).toEqual(["crossentropy", "dice"]);
  expect(withLossTerm("crossentropy", "dice", true)).toBe("crossentropy+dice");
  expect(withLossTerm("crossentropy+dice", "crossentropy", false)).toBe("dice");
  expect(withLossTerm("dice", "dice", false)).toBe("dice");
  expect(withLossTerm("dice", "dice", true)).toBe("dice");
});
