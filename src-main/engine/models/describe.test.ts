import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import tables from "../../../fixtures/notebook-layer-tables.json" with { type: "json" };
import { listArchitectures } from "../catalog.ts";
import { describeModel } from "./describe.ts";
import type { LayerRow } from "./describe.ts";

const rowSchema = z.object({
  name: z.string(),
  outputShape: z.tuple([z.int(), z.int(), z.int()]),
  parameters: z.int(),
});

const tableSchema = z.object({ rows: z.array(rowSchema), parameters: z.int(), trainableParameters: z.int() });
const expectedTables = z.record(z.enum(["fcn32", "segnet-upsample"]), tableSchema).parse(tables);

/** Keras numbers unnamed layers through a whole session, and cuts long names: `conv2d_26` may be the first one. */
function withoutNumbers(name: string): string {
  return name
    .replace(
      /(?<=^(input|input_layer|conv2d|batch_normalization|activation|dropout|max_pooling2d|up_sampling2d))_\d+$/,
      "",
    )
    .replace(/^input$/, "input_layer");
}

describe.each(["fcn32", "segnet-upsample"] as const)("%s at the notebook's size", (architecture) => {
  const expected = expectedTables[architecture];
  const described = describeModel({
    architecture,
    width: null,
    bands: 3,
    classes: 5,
    tileHeight: 224,
    tileWidth: 224,
  });

  test("has the table that the notebook printed", () => {
    const rows = (list: readonly Omit<LayerRow, "type">[]): unknown[] =>
      list.map(({ name, outputShape, parameters }) => [withoutNumbers(name), outputShape, parameters]);
    expect(rows(described.layers)).toEqual(rows(expected.rows));
  });

  test("has as many parameters", () => {
    expect(described.parameters).toBe(expected.parameters);
    expect(described.trainableParameters).toBe(expected.trainableParameters);
  });
});

test("the counts that were promised", () => {
  const size = { width: null, bands: 3, classes: 5, tileHeight: 256, tileWidth: 256 };
  const fcn32 = describeModel({ ...size, architecture: "fcn32" });
  expect(fcn32.parameters).toBe(134_281_029);
  const segnet = describeModel({ ...size, architecture: "segnet-upsample" });
  expect([fcn32.settlingSteps, segnet.settlingSteps]).toEqual([0, 299]);
  expect([segnet.parameters, segnet.trainableParameters]).toEqual([15_639_193, 15_628_687]);
});

const seed = path.join(import.meta.dirname, "../../../../shared/seed");
test.skipIf(!existsSync(seed))(
  "the kept tables are those in the notebook's text (skipped without ../shared)",
  () => {
    const file = readdirSync(seed).find((name) => name.endsWith(".txt")) ?? "";
    const text = readFileSync(path.join(seed, file), "utf8");
    const line = /^[│ ]*(\w+) \(\w+ *\)? *│? *\[?\(None, (\d+), (\d+), (\d+)\)\]? *│? *([\d,]+) *│?$/gm;
    const found = [...text.matchAll(line)].map((match) => [
      match[1],
      [Number(match[2]), Number(match[3]), Number(match[4])],
      Number((match[5] ?? "").replaceAll(",", "")),
    ]);
    const kept = Object.values(expectedTables)
      .flatMap(({ rows }) => rows)
      // The notebook prints this one's name over two lines.
      .filter(({ name }) => name !== "bilinear_up_sampling2d")
      .map(({ name, outputShape, parameters }) => [name, outputShape, parameters]);
    expect(found).toEqual(kept);
  },
);

test.each(listArchitectures())(
  "$id gives one channel a class at the tile's size, for any band count",
  ({ id, stride }) => {
    const size = { width: null, bands: 4, classes: 7, tileHeight: stride * 3, tileWidth: stride * 4 };
    const { layers } = describeModel({ ...size, architecture: id });
    expect(layers.at(-1)?.outputShape).toEqual([stride * 3, stride * 4, 7]);
    expect(new Set(layers.map(({ name }) => name)).size).toBe(layers.length);
  },
);

test("a width setting scales the network", () => {
  const size = { architecture: "unet", bands: 3, classes: 5, tileHeight: 64, tileWidth: 64 };
  const narrow = describeModel({ ...size, width: 16 }).parameters;
  const wide = describeModel({ ...size, width: 32 }).parameters;
  expect(wide / narrow).toBeGreaterThan(3.9);
  expect(wide / narrow).toBeLessThan(4.01);
  expect(describeModel({ ...size, width: null }).parameters).toBe(wide);
});

test("what doesn't fit is refused with numbers", () => {
  const size = { architecture: "unet", width: null, bands: 3, classes: 5, tileHeight: 64, tileWidth: 64 };
  expect(() => describeModel({ ...size, tileHeight: 100 })).toThrow(
    "U-Net needs tiles whose sides are multiples of 16, not 64×100.",
  );
  expect(() => describeModel({ ...size, width: 500 })).toThrow("U-Net takes widths from 4 to 128, not 500.");
  expect(() => describeModel({ ...size, architecture: "vnet" })).toThrow(
    'There is no network "vnet"; known are unet,',
  );
});
