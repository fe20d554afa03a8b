import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { drawFolder, drawMosaic } from "../../../fixtures/learning/draw-folder.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { seededRandom } from "#shared/training/seeded-random.ts";
import { compareFolders } from "./compare-folders.ts";

let folder: string;
let truth: string;
let prediction: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-compare-"));
  truth = path.join(folder, "set", "masks");
  prediction = path.join(folder, "prediction");
  await drawFolder(path.join(folder, "set"), [drawMosaic("a", 700, 613, 1), drawMosaic("b", 90, 40, 2)]);
  await mkdir(prediction);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function writeMask(filePath: string, width: number, height: number, ids: Uint8Array): Promise<void> {
  await sharp(ids, { raw: { width, height, channels: 1 } })
    .toColourspace("b-w")
    // Its default for TIFF is JPEG, which makes up ids.
    .tiff({ compression: "deflate" })
    .toFile(filePath);
}

/** A prediction that is right seven times in ten; some of it is missing. */
async function guess(name: string, width: number, height: number, seed: number): Promise<void> {
  const random = seededRandom(seed, "guess");
  const { mask } = drawMosaic(name, width, height, seed);
  const ids = mask.map((id) => (random.next() < 0.7 ? id : ([1, 2, 4, 255][random.integer(4)] ?? 1)));
  await writeMask(path.join(prediction, `${name}.tif`), width, height, ids);
}

const script = `
import sys, json, warnings
import numpy as np, rasterio
from sklearn.metrics import confusion_matrix, jaccard_score
warnings.filterwarnings("ignore")
labels = [1, 2, 4]
read = lambda name: rasterio.open(name).read(1).ravel()
t = np.concatenate([read(f"{sys.argv[1]}/{n}.png") for n in "ab"])
p = np.concatenate([read(f"{sys.argv[2]}/{n}.tif") for n in "ab"])
counted = np.isin(t, labels) & np.isin(p, labels)
print(json.dumps(dict(confusion=confusion_matrix(t, p, labels=labels).tolist(),
    meanIou=jaccard_score(t[counted], p[counted], labels=labels, average="macro"))))
`;

describe("comparing folders of masks", () => {
  it.skipIf(peerPython() === undefined)(
    "gives scikit-learn's matrix (skipped without the Python peers)",
    async () => {
      await guess("a", 700, 613, 1);
      await guess("b", 90, 40, 2);
      const { report, compared } = await compareFolders(truth, prediction);
      const peer = z
        .object({ confusion: z.array(z.array(z.number())), meanIou: z.number() })
        .parse(await runPeer(script, [truth, prediction]));
      expect(compared).toEqual(["a", "b"]);
      // The ignored class 9 and the unlabelled first row are in no cell.
      expect(report.classes.map(({ name }) => name)).toEqual(["field", "wood", "water"]);
      expect(report.confusion).toEqual(peer.confusion);
      expect(report.meanIou).toBeCloseTo(peer.meanIou, 12);
      expect(report.unpredictedPixels).toBeGreaterThan(0);
    },
  );

  it("says which masks had no partner, and takes no confidence raster for a mask", async () => {
    await guess("b", 90, 40, 2);
    await writeMask(path.join(prediction, "b_confidence.tif"), 90, 40, new Uint8Array(3600));
    await writeMask(path.join(prediction, "c.tif"), 9, 9, new Uint8Array(81));
    const comparison = await compareFolders(truth, prediction);
    expect(comparison).toMatchObject({ compared: ["b"], withoutPrediction: ["a"], withoutTruth: ["c"] });
  });

  it("refuses a name that stands for two files of one side, unless the file itself is given", async () => {
    await guess("a", 700, 613, 1);
    await guess("b", 90, 40, 2);
    const beside = path.join(truth, "b.tif");
    await copyFile(path.join(prediction, "b.tif"), beside);
    await expect(compareFolders(truth, prediction)).rejects.toThrow(
      `${truth} holds b.png and b.tif: which of them is the truth can't be told. Move one away, or give the file itself with --truth.`,
    );
    const given = await compareFolders(path.join(truth, "b.png"), prediction);
    expect(given.compared).toEqual(["b"]);
    // A name that isn't compared is nobody's trouble.
    await rm(path.join(prediction, "b.tif"));
    expect((await compareFolders(truth, prediction)).compared).toEqual(["a"]);
  });

  it("compares two files whatever they are called", async () => {
    await guess("b", 90, 40, 2);
    const { report } = await compareFolders(path.join(truth, "b.png"), path.join(prediction, "b.tif"));
    expect(report.confusion.flat().reduce((sum, pixels) => sum + pixels, 0)).toBeGreaterThan(1000);
  });

  it("refuses masks of another size, naming both files", async () => {
    await writeMask(path.join(prediction, "b.tif"), 91, 40, new Uint8Array(91 * 40));
    await expect(compareFolders(truth, prediction)).rejects.toThrow(
      /b\.tif can't be compared with .*b\.png: .*91×40 px/,
    );
  });

  it("finds the classes in the masks where nothing lists them", async () => {
    await rm(path.join(folder, "set", "classes.json"));
    await guess("b", 90, 40, 2);
    const { report } = await compareFolders(truth, prediction);
    expect(report.classes.map(({ id }) => id)).toEqual([1, 2, 4, 9]);
    await writeFile(path.join(truth, "classes.json"), "[{}]");
    await expect(compareFolders(truth, prediction)).rejects.toThrow("classes.json can't be used");
  });
});
