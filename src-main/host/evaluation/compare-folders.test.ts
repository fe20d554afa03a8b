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

/** A truth, a prediction on a finer grid of its own, and the same in degrees; what GDAL's nearest pixels come to. */
const gridScript = `
import sys, json
import numpy as np, rasterio
from rasterio.transform import from_origin, Affine
from rasterio.warp import reproject, calculate_default_transform, Resampling
from sklearn.metrics import confusion_matrix
rng = np.random.default_rng(3)
folder = sys.argv[1]
def write(name, ids, transform, crs):
    with rasterio.open(f"{folder}/{name}.tif", "w", driver="GTiff", width=ids.shape[1], height=ids.shape[0], count=1, dtype="uint8",
                       crs=crs, transform=transform, nodata=255) as file:
        file.write(ids, 1)
truth = rng.integers(1, 4, (30, 40)).repeat(20, 0).repeat(20, 1).astype("uint8")
place = from_origin(500000, 5400000, 0.5, 0.5)
write("on", truth, place, "EPSG:32633")
fine = rng.integers(1, 4, (90, 110)).repeat(10, 0).repeat(10, 1).astype("uint8")
fine_place = from_origin(500013.07, 5399991.03, 0.37, 0.37)
write("same", fine, fine_place, "EPSG:32633")
transform, width, height = calculate_default_transform("EPSG:32633", "EPSG:4326", 1100, 900, *rasterio.transform.array_bounds(900, 1100, fine_place))
degrees = np.full((height, width), 255, "uint8")
reproject(fine, degrees, src_transform=fine_place, src_crs="EPSG:32633", dst_transform=transform, dst_crs="EPSG:4326",
          resampling=Resampling.nearest, src_nodata=255, dst_nodata=255)
write("other", degrees, transform, "EPSG:4326")
def matrix(ids, transform, crs):
    laid = np.full(truth.shape, 255, "uint8")
    reproject(ids, laid, src_transform=transform, src_crs=crs, dst_transform=place, dst_crs="EPSG:32633",
              resampling=Resampling.nearest, src_nodata=255, dst_nodata=255, tolerance=0)
    return confusion_matrix(truth.ravel(), laid.ravel(), labels=[1, 2, 3]).tolist()
print(json.dumps(dict(same=matrix(fine, fine_place, "EPSG:32633"), other=matrix(degrees, transform, "EPSG:4326"))))
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

  it.skipIf(peerPython() === undefined)(
    "resamples another grid only when asked to, as GDAL does (skipped without the Python peers)",
    async () => {
      const peer = z
        .object({ same: z.array(z.array(z.number())), other: z.array(z.array(z.number())) })
        .parse(await runPeer(gridScript, [folder]));
      const [on, same, other] = ["on.tif", "same.tif", "other.tif"].map((name) => path.join(folder, name));
      await expect(compareFolders(on!, same!)).rejects.toThrow(
        /Resampled to the truth's grid .* it could be\.$/,
      );
      const shifted = await compareFolders(on!, same!, { otherGrids: "nearest" });
      expect(shifted.resampled).toEqual(["on"]);
      expect(shifted.report.confusion).toEqual(peer.same);
      // GDAL carries positions over by its own approximation: pixels whose middle lies on a border may fall to either side.
      const carried = await compareFolders(on!, other!, { otherGrids: "nearest" });
      const all = carried.report.confusion.flat();
      const apart = all.reduce(
        (sum, count, cell) => sum + Math.abs(count - (peer.other.flat()[cell] ?? 0)),
        0,
      );
      expect(apart / all.reduce((sum, count) => sum + count, 0)).toBeLessThan(0.002);
    },
  );

  it("takes predicted values for the classes that they are said to be, and tells of those that are none", async () => {
    const { mask } = drawMosaic("b", 90, 40, 2);
    const others = new Map([
      [1, 11],
      [2, 1],
      [4, 7],
    ]);
    await writeMask(
      path.join(prediction, "b.tif"),
      90,
      40,
      mask.map((id) => others.get(id) ?? id),
    );
    const plain = await compareFolders(truth, prediction);
    expect(plain.unknown.map(({ id }) => id).toSorted()).toEqual([11, 7]);
    const { report, unknown } = await compareFolders(truth, prediction, {
      mapping: { "11": 1, "1": 2, "7": null },
    });
    expect(unknown).toEqual([]);
    const [field, wood, water] = report.confusion;
    expect([field?.[1], field?.[2], wood?.[0], wood?.[2], water]).toEqual([0, 0, 0, 0, [0, 0, 0]]);
    expect(report.unpredictedPixels).toBe(mask.subarray(90).filter((id) => id === 4).length);
    expect((field?.[0] ?? 0) + (wood?.[1] ?? 0)).toBeGreaterThan(1000);
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
