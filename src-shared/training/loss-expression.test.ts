import { describe, expect, it } from "vitest";
import { formatLossExpression, parseLossExpression } from "./loss-expression.ts";

describe("loss expressions", () => {
  it.each([
    ["dice", [{ id: "dice", weight: 1, parameters: {} }]],
    [
      "crossentropy + dice",
      [
        { id: "crossentropy", weight: 1, parameters: {} },
        { id: "dice", weight: 1, parameters: {} },
      ],
    ],
    [
      "crossentropy*0.5+dice",
      [
        { id: "crossentropy", weight: 0.5, parameters: {} },
        { id: "dice", weight: 1, parameters: {} },
      ],
    ],
    [
      "focal(gamma=2, alpha=.25) + 0.5 * focal-tversky",
      [
        { id: "focal", weight: 1, parameters: { gamma: 2, alpha: 0.25 } },
        { id: "focal-tversky", weight: 0.5, parameters: {} },
      ],
    ],
    [
      "1e+2*dice(smooth=1e-3)+iou",
      [
        { id: "dice", weight: 100, parameters: { smooth: 0.001 } },
        { id: "iou", weight: 1, parameters: {} },
      ],
    ],
  ])("reads %s, and what it writes of it reads the same", (text, terms) => {
    expect(parseLossExpression(text)).toEqual(terms);
    expect(parseLossExpression(formatLossExpression(terms))).toEqual(terms);
  });

  it.each([
    "",
    "dice+",
    "2*dice*2",
    "focal(gamma)",
    "focal(gamma=1,gamma=2)",
    "focal(Gamma=1,Gamma=2)",
    "dice)",
    "0.5*",
    "dice iou",
  ])("refuses “%s” saying where", (text) => {
    expect(() => parseLossExpression(text)).toThrow(/expected terms|NAME=NUMBER|given twice/);
  });
});
