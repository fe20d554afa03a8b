import { expect, test } from "vitest";
import { stratifiedAccuracy } from "./area-estimate.ts";
import { evaluationReport } from "./build-report.ts";
import { classRows } from "./class-rows.ts";
import { ConfusionMatrix } from "./confusion-matrix.ts";

/** Olofsson et al. 2014, table 8: deforestation, forest gain, stable forest, stable non-forest. */
const classes = ["deforestation", "gain", "forest", "other"].map((name, index) => ({
  id: index + 1,
  name,
  color: "#123456",
}));
const mapRowsTruthColumns = [
  [66, 0, 5, 4],
  [0, 55, 8, 12],
  [1, 0, 153, 11],
  [2, 1, 9, 313],
];
const confusion = mapRowsTruthColumns.map((_, truth) => mapRowsTruthColumns.map((row) => row[truth]!));
/** Table 8's mapped pixels, of 30 m. */
const mappedAreas = [200_000, 150_000, 3_200_000, 6_450_000].map((pixels) => pixels * 900);

test("areas in hectares with their 95 % intervals are the paper's", () => {
  const report = evaluationReport(ConfusionMatrix.fromRows([1, 2, 3, 4], confusion), classes);
  const { areas, users, producers, overall } = stratifiedAccuracy(confusion, mappedAreas);
  const rows = classRows(report, {
    overallAccuracy: overall,
    classes: classes.map(({ id }, index) => ({
      classId: id,
      ...areas[index]!,
      usersAccuracy: users[index] ?? null,
      producersAccuracy: producers[index] ?? null,
    })),
  });
  // Section 5.2: deforestation 21,158 ha ± 6,158 ha (95 %).
  expect(rows[0]!.area!.estimated).toBeCloseTo(21_158, -1);
  expect(rows[0]!.area!.high! - rows[0]!.area!.estimated!).toBeCloseTo(6_158, -1);
  expect(rows[0]!.area!.mapped).toBeCloseTo(18_000, 6);
  expect(rows[0]!.usersAccuracy).toBeCloseTo(0.88, 6);
});

test("an interval never begins below nothing, and no area is made up", () => {
  const report = evaluationReport(ConfusionMatrix.fromRows([1, 2, 3, 4], confusion), classes);
  expect(classRows(report, null).map(({ area }) => area)).toEqual([null, null, null, null]);
  const areas = {
    overallAccuracy: null,
    classes: [
      { mapped: 10, estimated: 10, standardError: 100 },
      { mapped: 10, estimated: null, standardError: null },
    ].map((area, index) => ({ classId: index + 1, ...area, usersAccuracy: null, producersAccuracy: null })),
  };
  const [first, second] = classRows(report, areas);
  expect(first!.area!.low).toBe(0);
  expect(second!.area).toEqual({
    mapped: 0.001,
    estimated: null,
    standardError: null,
    low: null,
    high: null,
  });
});
