import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { drawFolder, drawMosaic, drawnClasses } from "../../../fixtures/learning/draw-folder.ts";
import type { Run } from "#shared/training/run.ts";
import type { TilePredictor } from "../engine/index.ts";
import { drawSample } from "../sample/index.ts";
import { defaultSettings } from "../training/presets.ts";
import { predictFile, type PredictedFile } from "./predict-file.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-predict-file-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const run: Run = {
  version: 2,
  id: "unet-1",
  name: "U-Net 1",
  createdAt: "2026-01-01T00:00:00.000Z",
  settings: { ...defaultSettings, mosaicIds: [] },
  classes: [...drawnClasses],
  input: { bands: [0, 1, 2], normalization: { kind: "uint8" } },
  parameters: 1,
  trainableParameters: 1,
  trainingMosaicIds: [],
  validationMosaicIds: [],
  stepMilliseconds: null,
  history: [],
  best: null,
  madeWith: { orthomask: "0.0.0", tensorflow: "none", device: "none" },
  state: { kind: "finished", reason: "all-epochs" },
};

/** Always sure of the first class. */
const predictor: TilePredictor = {
  tilePixels: 64,
  inputPixels: 64,
  input: { bands: [0, 1, 2], normalization: { kind: "uint8" } },
  idOfChannel: [1, 2],
  batch: 4,
  predict: (_, count) =>
    Promise.resolve(Float32Array.from({ length: count * 64 * 64 * 2 }, (_value, index) => 1 - (index % 2))),
};

function predict(input: string, out: string, confidence = false): Promise<PredictedFile> {
  return predictFile(input, out, { run, version: "0.0.0", predictor }, { overlap: 0, confidence });
}

async function hash(filePath: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(filePath))
    .digest("hex");
}

it("never replaces a mask of the user's, also through a link, and replaces its own earlier answer", async () => {
  await drawSample(folder, { sizePixels: 256, mosaics: 1, seed: 3 });
  const image = path.join(folder, "images/sample-1.tif");
  const mask = path.join(folder, "masks/sample-1.tif");
  const before = await hash(mask);
  await expect(predict(image, path.join(folder, "masks"))).rejects.toThrow(
    /masks already holds a sample-1\.tif that is no export of Orthomask/,
  );
  await symlink(path.join(folder, "masks"), path.join(folder, "link"));
  await expect(predict(image, path.join(folder, "link"))).rejects.toMatchObject({ code: "conflict" });
  expect(await hash(mask)).toBe(before);
  await expect(predict(image, path.join(folder, "images"))).rejects.toThrow("is the input itself");

  const out = path.join(folder, "out");
  const { output } = await predict(image, out, true);
  await expect(predict(image, out, true)).resolves.toMatchObject({ output });
  await writeFile(path.join(out, "sample-1_confidence.tif"), "the user's own notes");
  await expect(predict(image, out, true)).rejects.toThrow("sample-1_confidence.tif that is no export");
});

it("refuses to put its answer beside a mask of the same name with another extension", async () => {
  await drawFolder(folder, [drawMosaic("a", 96, 96, 2)]);
  await expect(predict(path.join(folder, "images/a.png"), path.join(folder, "masks"))).rejects.toThrow(
    /masks already holds a\.png: with a\.tif beside it, nobody could tell which is meant/,
  );
});

it.skipIf(process.platform !== "linux")("comes back from where no folder can be made", async () => {
  await drawFolder(folder, [drawMosaic("a", 96, 96, 2)]);
  await expect(predict(path.join(folder, "images/a.png"), "/proc/orthomask/out")).rejects.toThrow(
    "/proc/orthomask/out: there is no such file or folder.",
  );
});

it("names the folder that it can't make", async () => {
  await drawFolder(folder, [drawMosaic("a", 96, 96, 2)]);
  const inTheWay = path.join(folder, "file");
  await writeFile(inTheWay, "");
  await expect(predict(path.join(folder, "images/a.png"), path.join(inTheWay, "masks"))).rejects.toThrow(
    `${path.join(inTheWay, "masks")}: a file stands where a folder is expected.`,
  );
});

it("refuses a file that was cut short, though its overviews are whole, and leaves nothing", async () => {
  await drawSample(folder, { sizePixels: 1024, mosaics: 1, seed: 3 });
  const image = path.join(folder, "images/sample-1.tif");
  await truncate(image, (await stat(image)).size - 2000);
  const halved: TilePredictor = { ...predictor, tilePixels: 128 };
  const out = path.join(folder, "out");
  await expect(
    predictFile(image, out, { run, version: "0.0.0", predictor: halved }, { overlap: 0, confidence: false }),
  ).rejects.toThrow(/sample-1\.tif: the file is cut short/);
  await expect(readdir(out)).rejects.toThrow("ENOENT");
});
