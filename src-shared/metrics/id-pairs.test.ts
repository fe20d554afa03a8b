import { expect, it } from "vitest";
import { seededRandom } from "../training/seeded-random.ts";
import { ConfusionMatrix } from "./confusion-matrix.ts";
import { IdPairs } from "./id-pairs.ts";

it("counts what a confusion matrix counts, at any length and place of the windows, and gives values other meanings", () => {
  const random = seededRandom(5, "pairs");
  const draw = (length: number): Uint8Array => {
    const ids = new Uint8Array(length);
    for (let pixel = 0; pixel < length; pixel++) {
      // Areas with specks.
      ids[pixel] =
        pixel > 0 && random.next() < 0.9 ? ids[pixel - 1]! : ([0, 1, 2, 200, 255][random.integer(5)] ?? 0);
    }
    return ids;
  };
  const classIds = [0, 1, 2];
  const [pairs, expected, mapped] = [
    new IdPairs(),
    new ConfusionMatrix(classIds),
    new ConfusionMatrix(classIds),
  ];
  for (const [length, offset] of [
    [1, 0],
    [1023, 0],
    [4096, 3],
    [4097, 4],
  ] as const) {
    const truth = draw(length + offset).subarray(offset);
    const prediction = draw(length + offset).subarray(offset);
    pairs.add(truth, prediction);
    expected.add(truth, prediction);
    mapped.add(
      truth,
      prediction.map((id) => (id === 200 ? 1 : id === 1 ? 255 : id)),
    );
  }
  const plain = pairs.matrix(classIds);
  expect(plain.toRows()).toEqual(expected.toRows());
  expect(plain.unpredictedPixels).toBe(expected.unpredictedPixels);
  const meant = pairs.matrix(classIds, { "200": 1, "1": null });
  expect(meant.toRows()).toEqual(mapped.toRows());
  expect(meant.unpredictedPixels).toBe(mapped.unpredictedPixels);
  expect(pairs.ids("truth")).toEqual([0, 1, 2, 200]);
});
