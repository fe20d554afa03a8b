import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Geotransform } from "#shared/geo/affine.ts";
import type { JobState } from "#shared/jobs/job.ts";
import type { Run } from "#shared/training/run.ts";
import { mountSmallDisk } from "../../../fixtures/small-disk.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { ClassGrid, createGeoTiffWriter, crsFromEpsg, geoTagsFor, openRaster } from "../../raster/index.ts";
import { Jobs } from "../jobs/index.ts";
import { noShell } from "../ports/no-shell.ts";
import { Projects } from "../projects/index.ts";
import type { Project } from "../projects/index.ts";
import { Exports } from "./index.ts";
import type { ExportRequest } from "./index.ts";

const WIDTH = 700;
const HEIGHT = 600;
/** Rotated, so that a grid that is only nearly the same would show. */
const geotransform: Geotransform = [0.24, 0.03, 681_000.125, 0.03, -0.24, 480_000.5];

const run: Run = {
  version: 2,
  id: "run-0123456789",
  name: "My first run!",
  createdAt: "2026-11-23T10:00:00.000Z",
  state: { kind: "finished", reason: "all-epochs" },
  settings: { architecture: "unet" } as Run["settings"],
  classes: [
    { id: 0, name: "land", color: "#b7a98c", ignore: false },
    { id: 4, name: "road", color: "#f0e442", ignore: false },
  ],
  input: { bands: [0, 1, 2], normalization: { kind: "uint8" } },
  parameters: 1,
  trainableParameters: 1,
  trainingMosaicIds: [],
  validationMosaicIds: [],
  stepMilliseconds: null,
  history: [],
  best: {
    epoch: 3,
    meanIou: 0.7125,
    confusion: [
      [8, 1],
      [2, 9],
    ],
  },
  madeWith: { orthomask: "0.1.0", tensorflow: "2.21.0", device: "cpu" },
};

let base: string;
let projects: Projects;
let jobs: Jobs;
let exports: Exports;
let project: Project;
let mosaicId: string;
let grid: ClassGrid | null;

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), "orthomask-exports-"));
  await mkdir(path.join(base, "project/images"), { recursive: true });
  const writer = await createGeoTiffWriter(path.join(base, "project/images/town.tif"), {
    width: WIDTH,
    height: HEIGHT,
    bands: 3,
    dtype: "uint8",
    geoTags: geoTagsFor(geotransform, crsFromEpsg(2180)),
  });
  await writer.finish();
  projects = new Projects({ dataDirectory: path.join(base, "data") });
  jobs = new Jobs();
  project = await projects.open(path.join(base, "project"));
  await project.counted();
  mosaicId = project.snapshot().mosaics[0]?.id ?? "";
  grid = await ClassGrid.create(path.join(base, "grid"), { width: WIDTH, height: HEIGHT, confidence: true });
  const ids = new Uint8Array(WIDTH * HEIGHT).map((_, index) =>
    index % 3 === 0 ? 4 : index % 1001 === 5 ? 255 : 0,
  );
  await grid.writeWindow(
    { x: 0, y: 0, width: WIDTH, height: HEIGHT },
    ids,
    ids.map((_, index) => index % 256),
  );
  exports = new Exports({
    projects,
    jobs,
    predictions: { run: () => run, readPrediction: () => Promise.resolve(grid) },
    shell: noShell({ download: true }),
    version: "0.1.0",
  });
});

afterEach(async () => {
  await jobs.close();
  await projects.close();
  await rm(base, { recursive: true, force: true });
});

async function exportTo(folderPath: string | null, more: Partial<ExportRequest> = {}): Promise<JobState> {
  const { jobId } = await exports.start({
    projectId: project.id,
    runId: run.id,
    mosaicIds: [mosaicId],
    options: { mask: true, confidence: false, vector: null, merge: null },
    folderPath,
    ...more,
  });
  return new Promise((resolve) => {
    const look = (): void => {
      const { state } = jobs.get(jobId);
      if (state.kind !== "queued" && state.kind !== "running") {
        resolve(state);
      } else {
        setTimeout(look, 10);
      }
    };
    look();
  });
}

describe("an export", () => {
  it("lies on the mosaic's exact grid, with colours, names, nodata and where it came from", async () => {
    const state = await exportTo(null, {
      options: { mask: true, confidence: true, vector: null, merge: null },
    });
    expect(state).toMatchObject({
      kind: "succeeded",
      result: {
        fileNames: ["town.tif", "town_confidence.tif"],
        displayPath: path.join(project.storageDirectory, "exports/My-first-run-6789"),
      },
    });
    if (state.kind !== "succeeded" || state.result.kind !== "export") {
      throw new Error("no export");
    }
    const { downloads } = state.result;
    expect(downloads.map(({ fileName }) => fileName)).toEqual([
      "town.tif",
      "town.tif.aux.xml",
      "town.qml",
      "town_confidence.tif",
    ]);
    const file = exports.download(downloads[0]?.downloadId ?? "");
    expect(file?.fileName).toBe("town.tif");
    const raster = await openRaster(file?.filePath ?? "");
    expect(raster.description).toMatchObject({
      width: WIDTH,
      height: HEIGHT,
      geotransform,
      nodata: 255,
      crs: { code: 2180 },
      categoryNames: { "0": "land", "4": "road" },
    });
    expect(raster.description.colorTable).toMatchObject({ "0": "#b7a98c", "4": "#f0e442" });
    expect(raster.metadata).toMatchObject({
      ORTHOMASK_RUN: run.id,
      ORTHOMASK_MODEL: "unet",
      ORTHOMASK_VALIDATION_MEAN_IOU: "0.712500",
    });
    await raster.close();
    // Exported again, it replaces itself and nothing else stands beside it.
    expect(
      (await exportTo(null, { options: { mask: true, confidence: true, vector: null, merge: null } })).kind,
    ).toBe("succeeded");
    expect((await readdir(path.dirname(file?.filePath ?? ""))).sort()).toEqual([
      "town.qml",
      "town.tif",
      "town.tif.aux.xml",
      "town_confidence.tif",
    ]);
  });

  it.skipIf(peerPython() === undefined)(
    "is the same numbers on the same grid for GDAL (skipped without the Python peers)",
    async () => {
      expect((await exportTo(path.join(base, "out"))).kind).toBe("succeeded");
      const read = await runPeer(
        `
import json, sys, rasterio, numpy
with rasterio.open(sys.argv[1]) as mask, rasterio.open(sys.argv[2]) as image:
    ids = mask.read(1)
    print(json.dumps({
        "counts": {str(v): int(n) for v, n in zip(*numpy.unique(ids, return_counts=True))},
        "first": ids[0, :7].tolist(),
        "sameGrid": mask.transform == image.transform and mask.crs == image.crs and mask.shape == image.shape,
        "nodata": mask.nodata,
        "road": list(mask.colormap(1)[4]),
        "blocks": mask.block_shapes[0],
        "overviews": mask.overviews(1),
        "run": mask.tags()["ORTHOMASK_RUN"],
        "layout": mask.tags(ns="IMAGE_STRUCTURE").get("LAYOUT"),
    }))`,
        [path.join(base, "out/town.tif"), path.join(base, "project/images/town.tif")],
      );
      const ids = (
        await (grid as ClassGrid).readWindow({ pixelWindow: { x: 0, y: 0, width: WIDTH, height: HEIGHT } })
      ).ids;
      const count = (wanted: number): number => ids.reduce((sum, id) => sum + (id === wanted ? 1 : 0), 0);
      expect(read).toMatchObject({
        counts: { "0": count(0), "4": count(4), "255": count(255) },
        first: [...ids.subarray(0, 7)],
        sameGrid: true,
        nodata: 255,
        road: [0xf0, 0xe4, 0x42, 255],
        blocks: [512, 512],
        run: run.id,
        layout: "COG",
      });
    },
  );

  it("is planned before it is written", async () => {
    expect(
      await exports.plan({
        projectId: project.id,
        runId: run.id,
        mosaicIds: [mosaicId],
        options: {
          mask: true,
          confidence: false,
          vector: { format: "gpkg", simplifyMeters: 0, minAreaSquareMeters: 0 },
          merge: null,
        },
        folderPath: path.join(base, "not/yet/there"),
      }),
    ).toMatchObject({
      displayPath: path.join(base, "not/yet/there"),
      freeBytes: expect.any(Number) as number,
      files: [
        { content: "classes", fileName: "town.tif", width: WIDTH, height: HEIGHT, estimatedFeatures: null },
        { content: "polygons", fileName: "town_polygons.gpkg" },
      ],
    });
  });
});

it("leaves a style of the user's own beside a merged mask as it is", async () => {
  const folder = path.join(base, "merged");
  await mkdir(folder);
  await writeFile(path.join(folder, "merged.qml"), "<qgis>somebody's own</qgis>");
  const options = { mask: true, confidence: false, vector: null, merge: "last" } as const;
  expect(await exportTo(folder, { options })).toMatchObject({
    kind: "succeeded",
    result: { fileNames: ["merged.tif"] },
  });
  expect(await readFile(path.join(folder, "merged.qml"), "utf8")).toBe("<qgis>somebody's own</qgis>");
  expect((await readdir(folder)).toSorted()).toEqual(["merged.qml", "merged.tif", "merged.tif.aux.xml"]);
});

describe("an export is refused", () => {
  it("where it would replace an image, also through a link, or a file that isn't ours", async () => {
    const image = path.join(base, "project/images/town.tif");
    const before = await readFile(image);
    await expect(exportTo(path.dirname(image))).rejects.toThrow(
      /town\.tif .* is one of this project's own images/,
    );
    await symlink(path.dirname(image), path.join(base, "link"));
    await expect(exportTo(path.join(base, "link"))).rejects.toMatchObject({ code: "conflict" });
    await mkdir(path.join(base, "other"));
    await writeFile(path.join(base, "other/town.tif"), "somebody's notes");
    await expect(exportTo(path.join(base, "other"))).rejects.toThrow(/no export of Orthomask/);
    expect((await readFile(image)).equals(before)).toBe(true);
    expect(jobs.list()).toEqual([]);
  });

  it("without a prediction, or for an image that has changed since", async () => {
    grid = null;
    await expect(exportTo(null)).rejects.toThrow("town has no prediction by this run. Predict it first.");
    grid = await ClassGrid.create(path.join(base, "grid-2"), { width: 10, height: 10 });
    expect(await exportTo(path.join(base, "out"))).toMatchObject({
      kind: "failed",
      error: { message: expect.stringMatching(/the image was changed. Predict it again/) as string },
    });
  });

  it("where the disk can't take it, naming the file and leaving nothing", async () => {
    await writeFile(path.join(base, "file"), "");
    expect(await exportTo(path.join(base, "file/below"))).toMatchObject({
      kind: "failed",
      error: { message: expect.stringMatching(/below/) as string },
    });
    await expect(exports.reveal("no-such-job")).rejects.toMatchObject({ code: "not-found" });
  });

  it("where the disk is full, saying so and leaving nothing", async ({ skip }) => {
    const disk = path.join(base, "disk");
    const small = await mountSmallDisk(disk, 128 * 1024);
    if (small === null) {
      skip("a small disk can't be mounted here");
      return;
    }
    try {
      // Noise, which no compression makes fit.
      grid = await ClassGrid.create(path.join(base, "grid-3"), { width: WIDTH, height: HEIGHT });
      const noise = new Uint8Array(WIDTH * HEIGHT).map(() => Math.floor(Math.random() * 255));
      await grid.writeWindow({ x: 0, y: 0, width: WIDTH, height: HEIGHT }, noise);
      const state = await exportTo(path.join(disk, "new/out"));
      expect(state).toMatchObject({
        kind: "failed",
        error: { message: expect.stringMatching(/town\.tif.*disk is full/) as string },
      });
      expect(await readdir(disk)).toEqual([]);
    } finally {
      await small.unmount();
    }
  });

  it("beside a file of the same name with another extension, which nobody could tell from it", async () => {
    await mkdir(path.join(base, "masks"));
    await writeFile(path.join(base, "masks/Town.png"), "somebody's mask");
    await expect(exportTo(path.join(base, "masks"))).rejects.toThrow(
      /masks already holds Town\.png: with town\.tif beside it, nobody could tell which is meant/,
    );
  });

  it("when it is cancelled, leaving nothing", async () => {
    const stop = jobs.onChange(() => {
      const [job] = jobs.list();
      if (job !== undefined) {
        jobs.cancel(job.id);
      }
    });
    expect((await exportTo(path.join(base, "out"))).kind).toBe("cancelled");
    stop();
    await expect(readdir(path.join(base, "out"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
