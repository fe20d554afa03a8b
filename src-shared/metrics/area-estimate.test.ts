import { describe, expect, it } from "vitest";
import { NORMAL_95, stratifiedAccuracy } from "./area-estimate.ts";

/**
 * The worked example of Olofsson et al. 2014 (tables 8 and 9): deforestation, forest gain, stable forest, stable non-forest. The paper's rows are the
 * map and its columns the reference; pixels are 30 m, 0.09 ha.
 */
const mapRows = [
  [66, 0, 5, 4],
  [0, 55, 8, 12],
  [1, 0, 153, 11],
  [2, 1, 9, 313],
];
const confusion = mapRows.map((_, truth) => mapRows.map((row) => row[truth] ?? 0));
const mappedHectares = [200_000, 150_000, 3_200_000, 6_450_000].map((pixels) => pixels * 0.09);

describe("stratifiedAccuracy", () => {
  const { overall, users, producers, areas } = stratifiedAccuracy(confusion, mappedHectares);

  it("has the areas that the paper prints, to its digits", () => {
    expect(areas.map(({ estimated }) => Math.round(estimated ?? 0))).toEqual([
      21_158, 11_686, 285_770, 581_386,
    ]);
    expect(areas.map(({ standardError }) => Math.round(NORMAL_95 * (standardError ?? 0)))).toEqual([
      6158, 3756, 15_510, 16_282,
    ]);
    expect(Math.round((areas[0]?.estimated ?? 0) / 0.09)).toBe(235_086);
    expect(((areas[0]?.standardError ?? 0) / 0.09 / 10_000_000).toFixed(4)).toBe("0.0035");
  });

  it("has the accuracies that the paper prints, with their 95 % intervals", () => {
    const printed = (estimate: { value: number; standardError: number } | null | undefined): string =>
      `${(estimate?.value ?? NaN).toFixed(2)}±${(NORMAL_95 * (estimate?.standardError ?? NaN)).toFixed(2)}`;
    expect(users.map(printed)).toEqual(["0.88±0.07", "0.73±0.10", "0.93±0.04", "0.96±0.02"]);
    expect(producers.map((producer) => producer?.value.toFixed(2))).toEqual(["0.75", "0.85", "0.93", "0.96"]);
    expect(printed(producers[0])).toBe("0.75±0.21");
    expect(printed(overall)).toBe("0.95±0.02");
  });

  it("estimates nothing where a mapped class was never compared", () => {
    const answer = stratifiedAccuracy(
      [
        [5, 0],
        [1, 0],
      ],
      [10, 20],
    );
    expect(answer.areas[1]).toEqual({ mapped: 20, estimated: null, standardError: null });
    expect(answer.overall).toBeNull();
    expect(answer.users[0]?.value).toBe(5 / 6);
    expect(answer.users[0]?.standardError).toBeCloseTo(Math.sqrt(((5 / 6) * (1 / 6)) / 5), 12);
    expect(answer.users[1]).toBeNull();
  });

  it("leaves classes alone that are neither mapped nor true", () => {
    const answer = stratifiedAccuracy(
      [
        [8, 0],
        [0, 0],
      ],
      [10, 0],
    );
    expect(answer.areas[0]).toEqual({ mapped: 10, estimated: 10, standardError: 0 });
    expect(answer.areas[1]).toEqual({ mapped: 0, estimated: 0, standardError: 0 });
    expect(answer.producers).toEqual([{ value: 1, standardError: 0 }, null]);
  });
});
