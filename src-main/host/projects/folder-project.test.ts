import { existsSync } from "node:fs";
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pixelGeotransform } from "#shared/geo/affine.ts";
import type { Geotransform } from "#shared/geo/affine.ts";
import { initialDisplay, type DisplayState } from "#shared/project/display-state.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import { projectSnapshotSchema } from "#shared/project/project-snapshot.ts";
import { createGeoTiffWriter, crsFromEpsg, geoTagsFor, noGeoTags } from "../../raster/index.ts";
import { usualDisplay } from "#shared/project/imagery-display.ts";
import { Projects } from "./index.ts";
import type { Project } from "./project.ts";

const shared = path.resolve(import.meta.dirname, "../../../../shared/data");

let folder: string;
let dataDirectory: string;
let projects: Projects;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-project-"));
  dataDirectory = await mkdtemp(path.join(tmpdir(), "orthomask-data-"));
  projects = new Projects({ dataDirectory });
});

afterEach(async () => {
  await projects.close();
  await chmod(folder, 0o755);
  await rm(folder, { recursive: true, force: true });
  await rm(dataDirectory, { recursive: true, force: true });
});

interface TiffFacts {
  readonly width?: number;
  readonly height?: number;
  readonly bands?: number;
  readonly epsg?: number | null;
  readonly geotransform?: Geotransform;
  readonly value?: (x: number, y: number, band: number) => number;
  readonly nodata?: number | null;
  readonly colorTable?: Record<string, string> | null;
  readonly categoryNames?: Record<string, string> | null;
  readonly overviews?: "average" | "none";
}

const metric: Geotransform = [0.25, 0, 500_000, 0, -0.25, 600_000];

async function writeTiff(name: string, facts: TiffFacts = {}): Promise<string> {
  const { width = 40, height = 30, bands = 3, epsg = 2180, geotransform = metric } = facts;
  const filePath = path.join(folder, name);
  await mkdir(path.dirname(filePath), { recursive: true });
  const writer = await createGeoTiffWriter(filePath, {
    width,
    height,
    bands,
    dtype: "uint8",
    geoTags: epsg === null ? noGeoTags : geoTagsFor(geotransform, crsFromEpsg(epsg)),
    nodata: facts.nodata ?? null,
    colorTable: facts.colorTable ?? null,
    categoryNames: facts.categoryNames ?? null,
    overviews: facts.overviews ?? "none",
    tileSize: facts.overviews === undefined ? 512 : 128,
  });
  const samples = new Uint8Array(width * height * bands);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let band = 0; band < bands; band++) {
        samples[(y * width + x) * bands + band] = facts.value?.(x, y, band) ?? 7 * x + y + band;
      }
    }
  }
  for (let row = 0; row < writer.tilesDown; row++) {
    for (let column = 0; column < writer.tilesAcross; column++) {
      const [left, top] = [column * writer.tileSize, row * writer.tileSize];
      const [across, down] = [
        Math.min(writer.tileSize, width - left),
        Math.min(writer.tileSize, height - top),
      ];
      const tile = new Uint8Array(across * down * bands);
      for (let line = 0; line < down; line++) {
        const from = ((top + line) * width + left) * bands;
        tile.set(samples.subarray(from, from + across * bands), line * across * bands);
      }
      await writer.writeTile(column, row, tile);
    }
  }
  await writer.finish();
  return filePath;
}

async function writeMask(name: string, facts: TiffFacts = {}): Promise<string> {
  return writeTiff(name, { bands: 1, value: (x) => (x < 10 ? 0 : 1), ...facts });
}

async function openFolder(): Promise<Project> {
  const project = await projects.open(folder);
  await project.counted();
  projectSnapshotSchema.parse(project.snapshot());
  return project;
}

function ready(project: Project, name: string): ReadyMosaic {
  const mosaic = project.snapshot().mosaics.find((item) => item.name === name);
  if (mosaic?.kind !== "ready") {
    throw new Error(`${name} is ${mosaic?.kind === "failed" ? mosaic.reason : "missing"}`);
  }
  return mosaic;
}

function messages(project: Project): string[] {
  return project.snapshot().problems.map((problem) => problem.message);
}

describe("matching", () => {
  it("pairs images and masks by name, whatever extension and case", async () => {
    await writeTiff("images/Field.TIF");
    await writeMask("masks/field.tiff");
    await writeTiff("images/bare.tif");
    await writeMask("masks/stray.tif");
    const project = await openFolder();
    const field = ready(project, "Field");
    expect(field.fileName).toBe("images/Field.TIF");
    expect(field.mask).toEqual({
      kind: "matched",
      fileName: "masks/field.tiff",
      classPixels: { "0": 10 * 30, "1": 30 * 30 },
    });
    expect(ready(project, "bare").mask).toEqual({ kind: "none" });
    expect(messages(project)).toEqual(["masks/stray.tif has no image of the same name, so it is not used."]);
    expect(project.snapshot()).toMatchObject({ scanning: false, storage: "in-folder" });
  });

  it("takes images directly in the folder, in natural order", async () => {
    await writeTiff("tile-10.tif");
    await writeTiff("tile-9.tif");
    await writeFile(path.join(folder, "notes.txt"), "not an image");
    const project = await openFolder();
    expect(project.snapshot().mosaics.map(({ name }) => name)).toEqual(["tile-9", "tile-10"]);
  });

  it("keeps images apart that only differ in extension", async () => {
    await writeTiff("a.tif");
    await writeTiff("a.tiff");
    const project = await openFolder();
    expect(project.snapshot().mosaics.map(({ name }) => name)).toEqual(["a.tif", "a.tiff"]);
    expect(new Set(project.snapshot().mosaics.map(({ id }) => id)).size).toBe(2);
  });
});

describe("what is refused", () => {
  it("says what a folder is that can't be opened", async () => {
    await expect(projects.open(path.join(folder, "nowhere"))).rejects.toMatchObject({ code: "not-found" });
    await expect(projects.open(folder)).rejects.toThrow(/holds no images/);
    const file = await writeTiff("x.tif");
    await expect(projects.open(file)).rejects.toThrow(/x\.tif is a file; open the folder that holds it/);
  });

  it("opens the good files beside hundreds of bad ones", async () => {
    await mkdir(path.join(folder, "images"));
    for (let index = 0; index < 200; index++) {
      await writeFile(path.join(folder, `images/bad-${index}.tif`), `this is text, number ${index}`);
    }
    for (let index = 0; index < 5; index++) {
      await writeTiff(`images/good-${index}.tif`);
    }
    const project = await openFolder();
    const { mosaics, problems } = project.snapshot();
    expect(mosaics.filter(({ kind }) => kind === "ready")).toHaveLength(5);
    expect(mosaics.filter(({ kind }) => kind === "failed")).toHaveLength(200);
    expect(mosaics[0]).toMatchObject({
      kind: "failed",
      name: "bad-0",
      reason: expect.stringMatching(/this is tex/) as string,
    });
    expect(problems.filter(({ severity }) => severity === "error")).toHaveLength(200);
    const [bad] = mosaics;
    expect(() => project.mosaic(bad?.id ?? "")).toThrow(/bad-0\.tif can't be opened/);
  });

  it("refuses a truncated image with a reason", async () => {
    const whole = await writeTiff("images/cut.tif", {
      width: 500,
      height: 500,
      value: (x, y) => (x * y * 31) % 251,
    });
    await writeTiff("images/whole.tif");
    const { length } = await readFile(whole);
    await truncate(whole, Math.floor(length * 0.6));
    const project = await openFolder();
    expect(project.snapshot().mosaics).toMatchObject([{ kind: "failed", name: "cut" }, { kind: "ready" }]);
  });

  it("refuses masks of another size, CRS or place, and colour pictures", async () => {
    for (const name of ["size", "crs", "place", "color", "grey", "plain"]) {
      await writeTiff(`images/${name}.tif`);
    }
    await writeMask("masks/size.tif", { width: 41 });
    await writeMask("masks/crs.tif", { epsg: 32634 });
    await writeMask("masks/place.tif", { geotransform: [0.25, 0, 500_001, 0, -0.25, 600_000] });
    await writeTiff("masks/color.tif");
    await writeTiff("masks/grey.tif", { value: (x) => (x < 10 ? 0 : 1) });
    await writeMask("masks/plain.tif", { epsg: null });
    const project = await openFolder();
    const reason = (name: string): string => {
      const { mask } = ready(project, name);
      return mask.kind === "refused" ? mask.reason : mask.kind;
    };
    expect(reason("size")).toBe("mask is 41×30 px, its image 40×30");
    expect(reason("crs")).toMatch(/^mask is in EPSG:32634 .*, its image in EPSG:2180/);
    expect(reason("place")).toMatch(/^mask lies elsewhere than its image/);
    expect(reason("color")).toMatch(/3 bands with different values; expected one band of class ids/);
    expect(reason("grey")).toBe("matched");
    expect(reason("plain")).toBe("matched");
    expect(project.snapshot().classes.map(({ id }) => id)).toEqual([0, 1]);
  });
});

describe("classes", () => {
  it("come from classes.json, and other ids in masks are told and unlabelled", async () => {
    await writeTiff("images/a.tif");
    await writeMask("masks/a.tif", { value: (x) => (x === 0 ? 9 : x === 1 ? 255 : 1) });
    await writeFile(
      path.join(folder, "classes.json"),
      JSON.stringify([
        { id: 1, name: "water", color: "#1F78B4" },
        { id: 2, name: "rest", color: "#abc", ignore: true },
      ]),
    );
    const project = await openFolder();
    expect(project.snapshot()).toMatchObject({
      classSource: "classes.json",
      classes: [
        { id: 1, name: "water", color: "#1f78b4", ignore: false },
        { id: 2, name: "rest", color: "#aabbcc", ignore: true },
      ],
    });
    expect(messages(project)).toEqual([
      "This mask has ids that are no class: 9 (30 px). They count as unlabelled until you add a class with that id.",
    ]);
    const { id, mask } = ready(project, "a");
    expect(mask).toMatchObject({ classPixels: { "1": 38 * 30 } });
    const row = { pixelWindow: { x: -1, y: 0, width: 5, height: 1 } };
    expect([...(await project.readLabels(id, row))]).toEqual([255, 255, 255, 1, 1]);

    await project.setClasses([
      ...project.snapshot().classes,
      { id: 9, name: "new", color: "#000000", ignore: false },
    ]);
    expect(messages(project)).toEqual([]);
    expect(project.snapshot().classSource).toBe("project");
    expect([...(await project.readLabels(id, row))]).toEqual([255, 9, 255, 1, 1]);
  });

  it("come from colour table and names of the masks", async () => {
    await writeTiff("images/a.tif");
    await writeMask("masks/a.tif", {
      colorTable: { "0": "#112233", "1": "#445566", "200": "#ff0000" },
      categoryNames: { "0": "soil", "1": "roof", "2": "lake" },
    });
    const { classes, classSource } = (await openFolder()).snapshot();
    expect(classSource).toBe("color-table");
    expect(classes.map(({ id, name }) => [id, name])).toEqual([
      [0, "soil"],
      [1, "roof"],
      [2, "lake"],
    ]);
    expect(classes[0]?.color).toBe("#112233");
  });

  it("come from the values found when nothing states them; nodata is none", async () => {
    await writeTiff("images/a.tif");
    await writeMask("masks/a.tif", { value: (x) => [3, 5, 200][x % 3] ?? 0, nodata: 200 });
    const project = await openFolder();
    expect(project.snapshot().classSource).toBe("mask-values");
    expect(project.snapshot().classes.map(({ name }) => name)).toEqual(["class 3", "class 5"]);
    const labels = await project.readLabels(ready(project, "a").id, {
      pixelWindow: { x: 0, y: 0, width: 3, height: 1 },
    });
    expect([...labels]).toEqual([3, 5, 255]);
  });

  it("are never invented by a mask's own overviews, which may be averages", async () => {
    await writeTiff("images/a.tif", { width: 600, height: 300 });
    const mask = { width: 600, height: 300, value: (x: number) => (x % 2 === 0 ? 0 : 4) };
    await writeMask("masks/a.tif", { ...mask, overviews: "average" });
    const project = await openFolder();
    expect(project.snapshot().classes.map(({ id }) => id)).toEqual([0, 4]);
    for (const reduction of [2, 3]) {
      const labels = await project.readLabels(ready(project, "a").id, {
        pixelWindow: { x: -6, y: 0, width: 306, height: 300 },
        outputSize: { width: 306 / reduction, height: 300 / reduction },
      });
      expect([...new Set(labels)].sort()).toEqual(reduction === 2 ? [255, 4] : [0, 255, 4]);
    }
  });

  it("are all unlabelled without a mask", async () => {
    await writeTiff("a.tif");
    const project = await openFolder();
    const labels = await project.readLabels(ready(project, "a").id, {
      pixelWindow: { x: 0, y: 0, width: 40, height: 30 },
      outputSize: { width: 4, height: 3 },
    });
    expect([...labels]).toEqual(new Array<number>(12).fill(255));
    expect(project.snapshot()).toMatchObject({ classes: [], classSource: "none" });
  });

  it("warn of a mask in black and white, unless it says that 255 is nodata", async () => {
    const value = (x: number): number => (x < 10 ? 0 : 255);
    for (const [name, nodata] of [
      ["plain", null],
      ["stated", 255],
    ] as const) {
      await writeTiff(`images/${name}.tif`);
      await writeTiff(`masks/${name}.tif`, { bands: 1, value, nodata });
    }
    const { problems } = (await openFolder()).snapshot();
    expect(problems.map(({ file, message }) => [file, message])).toEqual([
      [
        "masks/plain.tif",
        "This mask has only the values 0 and 255; 255 means unlabelled here. If 255 is a class, save it as 1.",
      ],
    ]);
  });

  it("are not taken from a damaged classes.json, which is told", async () => {
    await writeTiff("images/a.tif");
    await writeMask("masks/a.tif");
    await writeFile(path.join(folder, "classes.json"), '[{"id": "water"}]');
    const project = await openFolder();
    expect(project.snapshot().classSource).toBe("mask-values");
    expect(messages(project)[0]).toMatch(/^classes\.json is not used: 0\.id/);
  });
});

describe("places", () => {
  const utm: Geotransform = [10, 0, 300_000, 0, -10, 5_000_000];
  const degrees: Geotransform = [0.001, 0, 10, 0, -0.001, 50];

  it("shows the map in the most common projected system", async () => {
    await writeTiff("a.tif", { epsg: 4326, geotransform: degrees });
    await writeTiff("b.tif", { epsg: 4326, geotransform: degrees });
    await writeTiff("c.tif", { epsg: 32633, geotransform: utm });
    const project = await openFolder();
    expect(project.snapshot().viewProjection).toMatchObject({ code: "EPSG:32633", units: "metre" });
    expect(ready(project, "a").placement.projection).toMatchObject({ code: "EPSG:4326", units: "degree" });
    expect(ready(project, "c").placement.geotransform).toEqual(utm);
  });

  it("shows geographic mosaics in Web Mercator", async () => {
    await writeTiff("a.tif", { epsg: 4326, geotransform: degrees });
    expect((await openFolder()).snapshot().viewProjection.code).toBe("EPSG:3857");
  });

  it("lays images without a CRS side by side, and says so once", async () => {
    for (const name of ["a", "b", "c"]) {
      await writeTiff(`${name}.tif`, { epsg: null, width: 100 });
    }
    const project = await openFolder();
    expect(project.snapshot().viewProjection.code).toBe("PIXEL");
    expect(ready(project, "a").placement.geotransform).toEqual(pixelGeotransform);
    expect(ready(project, "c").placement.geotransform).toEqual([1, 0, 2 * (100 + 5), 0, -1, 0]);
    expect(messages(project)).toEqual([
      "a.tif, b.tif, c.tif state no coordinate system, so they are shown in pixel coordinates, side by side.",
    ]);
  });
});

describe("what is remembered", () => {
  const view = {
    center: [500_005, 599_996],
    resolution: 0.5,
    projectionCode: "EPSG:2180",
  } as const;
  const display: DisplayState = {
    ...initialDisplay,
    mosaicLayers: {
      a: {
        imagery: { visible: false, opacity: 1 },
        labels: { visible: true, opacity: 0.25 },
        prediction: { visible: true, opacity: 1 },
        errors: { visible: true, opacity: 1 },
        other: { visible: true, opacity: 1 },
        confidence: { visible: true, opacity: 1 },
        disagreement: { visible: true, opacity: 1 },
        uncertainty: { visible: true, opacity: 1 },
        unlabelled: { visible: true, opacity: 1 },
      },
    },
    imagery: {
      sameForAll: false,
      all: usualDisplay,
      mosaics: {
        a: { bands: [0], stretch: { kind: "limits", limits: { "0": { low: 3, high: 60 } } }, gamma: 1.5 },
      },
    },
    hiddenMosaicIds: ["b"],
    swipe: { left: { kind: "imagery", mosaicId: "a" }, right: { kind: "labels", mosaicId: null } },
    swipePosition: 0.3,
    selectedMosaicId: "a",
    selectedRunId: "unet-1",
    predictionRunId: "unet-2",
  };
  const water = { id: 4, name: "water", color: "#0000ff", ignore: false };

  it("outlives the session, without touching the user's files", async () => {
    const image = await writeTiff("a.tif");
    const before = await readFile(image);
    const project = await openFolder();
    expect(existsSync(path.join(folder, "orthomask.json"))).toBe(false);
    await project.setClasses([water]);
    await project.saveView({ ...view, center: [...view.center] });
    await project.saveDisplay(display);
    await projects.close();
    projects = new Projects({ dataDirectory });
    expect((await openFolder()).snapshot()).toMatchObject({ classes: [water], viewState: view, display });
    expect((await readFile(image)).equals(before)).toBe(true);
    expect((await projects.recent.list())[0]?.folderPath).toBe(folder);
  });

  it("goes apart when the folder's mode is read-only, also for root", async () => {
    await writeTiff("a.tif");
    await chmod(folder, 0o555);
    const project = await openFolder();
    expect(project.snapshot().storage).toBe("apart");
    expect(project.storageDirectory.startsWith(dataDirectory)).toBe(true);
    await project.setClasses([water]);
    expect(existsSync(path.join(folder, "orthomask.json"))).toBe(false);
    expect(existsSync(path.join(project.storageDirectory, "orthomask.json"))).toBe(true);
  });

  it("is recovered from the last good version when the file is damaged, which is kept aside", async () => {
    await writeTiff("a.tif");
    await (await openFolder()).setClasses([water]);
    await projects.close();
    projects = new Projects({ dataDirectory });
    const damaged = '{"format": "orthomask-pro';
    await writeFile(path.join(folder, "orthomask.json"), damaged);
    const project = await openFolder();
    expect(project.snapshot().classes).toEqual([water]);
    expect(messages(project)[0]).toMatch(/^orthomask\.json can't be read .* it is left as it is/);
    await project.settled();
    // Looking alone changes nothing.
    expect(await readFile(path.join(folder, "orthomask.json"), "utf8")).toBe(damaged);
    await project.setClasses([{ ...water, name: "lake" }]);
    const [aside = ""] = (await readdir(folder)).filter((name) => name.startsWith("orthomask.damaged-"));
    expect(await readFile(path.join(folder, aside), "utf8")).toBe(damaged);
    expect(messages(project)[0]).toContain(`kept as ${aside}`);
    expect(await readFile(path.join(folder, "orthomask.json"), "utf8")).toContain("lake");
  });

  it("is left alone when a newer program wrote it", async () => {
    await writeTiff("a.tif");
    const text = JSON.stringify({ format: "orthomask-project", version: 99, classes: "of another kind" });
    await writeFile(path.join(folder, "orthomask.json"), text);
    const project = await openFolder();
    expect(messages(project)[0]).toMatch(/newer Orthomask \(format 99\)/);
    await expect(project.setClasses([water])).rejects.toMatchObject({ code: "conflict" });
    expect(await readFile(path.join(folder, "orthomask.json"), "utf8")).toBe(text);
  });
});

describe("rescan", () => {
  it("takes up files that were added, changed and removed", async () => {
    await writeTiff("images/gone.tif");
    await writeTiff("images/kept.tif");
    const changed = await writeTiff("images/changed.tif");
    const project = await openFolder();
    const keptBefore = ready(project, "kept");
    const image = await project.image(ready(project, "changed").id);
    expect(image.description.width).toBe(40);
    await rm(path.join(folder, "images/gone.tif"));
    await rm(changed);
    await writeTiff("images/changed.tif", { width: 50 });
    await writeMask("masks/kept.tif");
    await writeTiff("images/new.tif");
    await project.rescan();
    await project.counted();
    expect(project.snapshot().mosaics.map(({ name }) => name)).toEqual(["changed", "kept", "new"]);
    expect(ready(project, "changed").image.width).toBe(50);
    expect((await project.image(ready(project, "changed").id)).description.width).toBe(50);
    expect(ready(project, "kept").id).toBe(keptBefore.id);
    expect(ready(project, "kept").mask.kind).toBe("matched");
  });
});

describe.skipIf(!existsSync(shared))("real folders (../shared/data, skipped where it is missing)", () => {
  it("refuses the mismatched mask of amazon-mismatched", async () => {
    await mkdir(path.join(folder, "images"));
    await mkdir(path.join(folder, "masks"));
    const source = path.join(shared, "amazon-mismatched");
    await copyFile(
      path.join(source, "images/Amazon_181_34.tif"),
      path.join(folder, "images/Amazon_181_34.tif"),
    );
    await copyFile(
      path.join(source, "masks/Amazon_181_34.png"),
      path.join(folder, "masks/Amazon_181_34.png"),
    );
    await writeTiff("images/good.tif");
    const project = await openFolder();
    expect(ready(project, "Amazon_181_34").mask).toEqual({
      kind: "refused",
      fileName: "masks/Amazon_181_34.png",
      reason: "mask is 515×512 px, its image 512×512",
    });
    expect(ready(project, "good").mask.kind).toBe("none");
  });

  it("opens dubai and amazon with all their masks", async () => {
    for (const [name, mosaics, view] of [
      ["dubai", 5, "EPSG:32640"],
      ["amazon", 11, "EPSG:3857"],
    ] as const) {
      const project = await projects.open(path.join(shared, name));
      await project.settled();
      const snapshot = project.snapshot();
      expect(snapshot.mosaics).toHaveLength(mosaics);
      for (const mosaic of snapshot.mosaics) {
        expect(mosaic).toMatchObject({ kind: "ready", mask: { kind: "matched" } });
      }
      expect(snapshot.viewProjection.code).toBe(view);
      expect(snapshot.problems.filter(({ severity }) => severity === "error")).toEqual([]);
    }
  });
});
