import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { runCli, type CliOutcome } from "../../fixtures/run-cli.ts";
import { createGeoTiffWriter, crsFromEpsg, geoTagsFor } from "../raster/index.ts";
import { registerExportCommand } from "./export.ts";

let base: string;
beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), "orthomask-cli-export-"));
  await drawMask("west.tif", 0, 1);
  await drawMask("east.tif", 64, 2);
});
afterAll(() => rm(base, { recursive: true, force: true }));

/** 64 × 64 pixels of a quarter metre: one class, with a square of 16 × 16 pixels of class 3, in `shifts` bands with that added. */
async function drawMask(
  name: string,
  left: number,
  id: number,
  { shifts = [0], metadata = {} }: { shifts?: number[]; metadata?: Record<string, string> } = {},
): Promise<void> {
  const writer = await createGeoTiffWriter(path.join(base, name), {
    width: 64,
    height: 64,
    bands: shifts.length,
    dtype: "uint8",
    tileSize: 64,
    geoTags: geoTagsFor([0.25, 0, 500_000 + left * 0.25, 0, -0.25, 5_400_000], crsFromEpsg(32633)),
    nodata: 255,
    categoryNames: { "1": "field", "2": "water", "3": "house" },
    metadata,
  });
  const ids = new Uint8Array(64 * 64).fill(id);
  for (let row = 8; row < 24; row += 1) {
    ids.fill(3, row * 64 + 8, row * 64 + 24);
  }
  await writer.writeTile(
    0,
    0,
    Uint8Array.from([...ids].flatMap((value) => shifts.map((shift) => value + shift))),
  );
  await writer.finish();
}

function run(words: readonly string[]): Promise<CliOutcome> {
  return runCli(["export", ...words], [registerExportCommand], { base });
}

const geoJsonSchema = z.object({
  features: z.array(
    z.object({
      properties: z.object({ class_id: z.number(), class_name: z.string(), area_m2: z.number() }),
      geometry: z.object({ coordinates: z.array(z.array(z.tuple([z.number(), z.number()]))) }),
    }),
  ),
});

describe("export vector", () => {
  it("writes polygons with class, name and area, and answers one JSON document", async () => {
    const output = path.join(base, "new/folder/west.geojson");
    const { code, stdout, stderr } = await run([
      "vector",
      path.join(base, "west.tif"),
      "--out",
      output,
      "--json",
    ]);
    expect({ code, answer: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      answer: { output, features: 2 },
    });
    expect(stderr).toContain("tracing west.tif");
    const { features } = geoJsonSchema.parse(JSON.parse(await readFile(output, "utf8")));
    expect(features.map(({ properties }) => properties)).toEqual(
      expect.arrayContaining([
        { class_id: 1, class_name: "field", area_m2: (64 * 64 - 16 * 16) / 16 },
        { class_id: 3, class_name: "house", area_m2: (16 * 16) / 16 },
      ]),
    );
    expect(features.find(({ properties }) => properties.class_id === 1)?.geometry.coordinates.length).toBe(2);
    expect(await readdir(path.dirname(output))).toEqual(["west.geojson", "west.qml"]);
  });

  it.each([
    ["west.gpkg", "SQLite format 3\0"],
    ["west.fgb", "fgb\u0003fgb"],
  ])("%s begins as its format says, and small areas are given away", async (name, signature) => {
    const output = path.join(base, name);
    const mask = path.join(base, "west.tif");
    const { code, stdout } = await run(["vector", mask, "--out", output, "--min-area", "20", "--json"]);
    expect({ code, answer: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      answer: { output, features: 1 },
    });
    const bytes = await readFile(output);
    expect(bytes.toString("latin1", 0, signature.length)).toBe(signature);
  });

  it("says what is wrong with a name, a mask, a number", async () => {
    const mask = path.join(base, "west.tif");
    expect(await run(["vector", mask, "--out", path.join(base, "a.shp")])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/ends with \.gpkg, \.geojson or \.fgb, got .*a\.shp/) as string,
    });
    expect(
      await run(["vector", path.join(base, "none.tif"), "--out", path.join(base, "a.fgb")]),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/none\.tif: there is no such file/) as string,
    });
    expect(await run(["vector", mask, "--out", path.join(base, "a.fgb"), "--simplify", "-1"])).toMatchObject({
      code: 2,
    });
    expect(await run(["vector", mask])).toMatchObject({ code: 2 });
    expect(await readdir(base)).not.toContain("a.fgb");
  });
});

describe("export merge", () => {
  it("writes one mask with what belongs beside it", async () => {
    const output = path.join(base, "merged/both.tif");
    const masks = ["west.tif", "east.tif"].map((name) => path.join(base, name));
    const { code, stdout } = await run(["merge", ...masks, "--out", output, "--json"]);
    expect({ code, answer: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      answer: { output, width: 128, height: 64 },
    });
    expect(await readdir(path.dirname(output))).toEqual(["both.qml", "both.tif", "both.tif.aux.xml"]);
  });

  it("leaves out what says how sure a mask is, and refuses it alone", async () => {
    const folder = path.join(base, "patterned");
    await mkdir(folder);
    const confidence = { metadata: { ORTHOMASK_CONTENT: "confidence" } };
    await drawMask("patterned/west.tif", 0, 1);
    await drawMask("patterned/west_confidence.tif", 0, 200, confidence);
    const named = (await readdir(folder)).map((name) => path.join(folder, name));
    const output = path.join(base, "merged/west.tif");
    const { code, stdout, stderr } = await run(["merge", ...named, "--out", output, "--json"]);
    expect({ code, answer: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      answer: { output, width: 64, height: 64 },
    });
    expect(stderr).toMatch(/not merged, as it says how sure a mask is: .*west_confidence\.tif/);
    const alone = path.join(folder, "west_confidence.tif");
    for (const words of [
      ["merge", alone, "--out", path.join(base, "x.tif")],
      ["vector", alone, "--out", path.join(base, "x.gpkg")],
    ]) {
      expect(await run(words)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/west_confidence\.tif says how sure a network was/) as string,
      });
    }
  });

  it("takes masks whose bands all say the same, and no others", async () => {
    await drawMask("same.tif", 0, 1, { shifts: [0, 0, 0] });
    await drawMask("picture.tif", 0, 1, { shifts: [0, 1, 2] });
    const output = path.join(base, "merged/bands.tif");
    expect(await run(["merge", path.join(base, "same.tif"), "--out", output])).toMatchObject({ code: 0 });
    for (const words of [
      ["merge", path.join(base, "picture.tif"), "--out", path.join(base, "x.tif")],
      ["vector", path.join(base, "picture.tif"), "--out", path.join(base, "x.gpkg")],
    ]) {
      expect(await run(words)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/picture\.tif: mask has 3 bands with different values/) as string,
      });
    }
  });

  it("never writes over a mask that it reads, and takes known rules only", async () => {
    const mask = path.join(base, "west.tif");
    const before = await stat(mask);
    expect(await run(["merge", mask, path.join(base, "east.tif"), "--out", mask])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is a mask to be read/) as string,
    });
    expect((await stat(mask)).mtimeMs).toBe(before.mtimeMs);
    expect(await run(["merge", mask, "--out", path.join(base, "x.tif"), "--rule", "median"])).toMatchObject({
      code: 2,
    });
    expect(await run(["merge", mask, "--out", path.join(base, "x.png")])).toMatchObject({ code: 2 });
  });
});
