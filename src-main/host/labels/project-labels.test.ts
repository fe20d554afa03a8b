import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LabelEdit, LabelShape } from "#shared/labels/label-edit.ts";
import type { LabelEvent } from "#shared/contract.ts";
import { ClassGrid, createGeoTiffWriter, crsFromEpsg, geoTagsFor } from "../../raster/index.ts";
import { Projects } from "../projects/index.ts";
import type { Project } from "../projects/index.ts";
import { LabelCensus } from "../training/label-census.ts";
import { encodeRuns } from "#shared/labels/runs.ts";
import { labelsService } from "./labels-service.ts";

const WIDTH = 640;
const HEIGHT = 300;

let folder: string;
let dataDirectory: string;
let projects: Projects;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-labels-"));
  dataDirectory = await mkdtemp(path.join(tmpdir(), "orthomask-data-"));
  projects = new Projects({ dataDirectory });
  await writeTiff("images/a.tif", 3, () => 90);
  await writeTiff("images/b.tif", 3, () => 90);
  await writeTiff("masks/a.tif", 1, (x) => (x < 100 ? 1 : 2));
  await writeFile(
    path.join(folder, "classes.json"),
    JSON.stringify([1, 2, 3].map((id) => ({ id, name: `class ${id}`, color: "#112233" }))),
  );
});

afterEach(async () => {
  await projects.close();
  await rm(folder, { recursive: true, force: true });
  await rm(dataDirectory, { recursive: true, force: true });
});

async function writeTiff(name: string, bands: number, value: (x: number) => number): Promise<void> {
  const filePath = path.join(folder, name);
  await mkdir(path.dirname(filePath), { recursive: true });
  const writer = await createGeoTiffWriter(filePath, {
    width: WIDTH,
    height: HEIGHT,
    bands,
    dtype: "uint8",
    geoTags: geoTagsFor([0.25, 0, 500_000, 0, -0.25, 600_000], crsFromEpsg(2180)),
    overviews: "none",
    tileSize: 512,
  });
  for (let column = 0; column < writer.tilesAcross; column++) {
    const width = Math.min(512, WIDTH - column * 512);
    await writer.writeTile(
      column,
      0,
      Uint8Array.from({ length: width * HEIGHT * bands }, (_, index) =>
        value(column * 512 + (Math.floor(index / bands) % width)),
      ),
    );
  }
  await writer.finish();
}

async function open(from = projects): Promise<Project> {
  const project = await from.open(folder);
  await project.counted();
  return project;
}

function idOf(project: Project, name: string): string {
  return project.snapshot().mosaics.find((mosaic) => mosaic.name === name)?.id ?? "";
}

function maskOf(project: Project, name: string): unknown {
  const mosaic = project.snapshot().mosaics.find((item) => item.name === name);
  return mosaic?.kind === "ready" ? mosaic.mask : null;
}

const square = (x: number, y: number, side: number): LabelShape => ({
  kind: "polygon",
  rings: [
    [
      [x, y],
      [x + side, y],
      [x + side, y + side],
      [x, y + side],
    ],
  ],
});

function edit(paintId: number, shape: LabelShape, rules: Partial<LabelEdit["rules"]> = {}): LabelEdit {
  return {
    name: `paint ${paintId}`,
    parts: [{ paintId, shape }],
    rules: { lockedIds: [], onlyUnlabelled: false, ...rules },
  };
}

function paint(project: Project, name: string, ...given: Parameters<typeof edit>): Promise<unknown> {
  return project.labels.edit(idOf(project, name), edit(...given), null);
}

/** What a project's listeners are told of its labels, as it comes. */
function changesOf(project: Project): { mosaicId: string; revision: number; isWhole: boolean }[] {
  const changes: { mosaicId: string; revision: number; isWhole: boolean }[] = [];
  project.labels.onChange(({ mosaicId, revision, windows }) => {
    changes.push({ mosaicId, revision, isWhole: windows.some(({ width }) => width === WIDTH) });
  });
  return changes;
}

function pixel(project: Project, name: string, x: number, y: number): Promise<number | undefined> {
  return project
    .readLabels(idOf(project, name), { pixelWindow: { x, y, width: 1, height: 1 } })
    .then(([id]) => id);
}

describe("labels of a project", () => {
  it("begin from the mask or from nothing, are read everywhere in its place, and never written to it", async () => {
    const project = await open();
    const mask = await readFile(path.join(folder, "masks/a.tif"));
    expect(existsSync(path.join(folder, ".orthomask"))).toBe(false);
    expect(project.labelsVersion(idOf(project, "b"))).toBeNull();
    await paint(project, "a", 3, square(90, 10, 20));
    await paint(project, "b", 1, square(0, 0, 10));
    expect(await pixel(project, "a", 89, 10)).toBe(1);
    expect(await pixel(project, "a", 95, 10)).toBe(3);
    expect(await pixel(project, "a", 600, 10)).toBe(2);
    expect(await pixel(project, "b", 9, 9)).toBe(1);
    expect(await pixel(project, "b", 10, 9)).toBe(255);
    await project.labels.close();
    expect(await readFile(path.join(folder, "masks/a.tif"))).toEqual(mask);
  });

  it("tell how many pixels of each class there are, now and after a restart", async () => {
    let project = await open();
    await paint(project, "a", 3, square(90, 10, 20));
    await paint(project, "b", 1, square(0, 0, 10));
    const expectMasks = (): void => {
      expect(maskOf(project, "a")).toEqual({
        kind: "edited",
        basedOn: "masks/a.tif",
        classPixels: { 1: 100 * HEIGHT - 200, 2: 540 * HEIGHT - 200, 3: 400 },
      });
      expect(maskOf(project, "b")).toEqual({ kind: "edited", basedOn: null, classPixels: { 1: 100 } });
    };
    await expect.poll(() => maskOf(project, "b")).toMatchObject({ kind: "edited" });
    expectMasks();
    await projects.close();
    projects = new Projects({ dataDirectory });
    project = await open();
    expectMasks();
    expect(project.labels.history).toEqual({ undo: "paint 1", redo: null });
  });

  it("have one history over all mosaics, also after a restart", async () => {
    let project = await open();
    await paint(project, "a", 3, square(90, 10, 20));
    await paint(project, "b", 1, square(0, 0, 10));
    await paint(project, "a", 1, square(200, 10, 20));
    await projects.close();
    projects = new Projects({ dataDirectory });
    project = await open();
    await project.labels.undo();
    expect(await pixel(project, "a", 205, 15)).toBe(2);
    await project.labels.undo();
    expect(await pixel(project, "b", 5, 5)).toBe(255);
    expect(project.labels.history).toEqual({ undo: "paint 3", redo: "paint 1" });
    await project.labels.redo();
    expect(await pixel(project, "b", 5, 5)).toBe(1);
    expect(await pixel(project, "a", 205, 15)).toBe(2);
    // A new step elsewhere ends what could be redone here.
    await paint(project, "b", 2, square(50, 50, 10));
    expect(project.labels.history).toEqual({ undo: "paint 2", redo: null });
    expect(await project.labels.redo()).toBeNull();
  });

  it("keep locked classes and labelled pixels when told to", async () => {
    const project = await open();
    await paint(project, "a", 3, square(90, 10, 20), { lockedIds: [1] });
    expect(await pixel(project, "a", 95, 15)).toBe(1);
    expect(await pixel(project, "a", 105, 15)).toBe(3);
    await paint(project, "a", 255, square(0, 0, 10));
    await paint(project, "a", 2, square(0, 0, 20), { onlyUnlabelled: true });
    expect(await pixel(project, "a", 5, 5)).toBe(2);
    expect(await pixel(project, "a", 15, 5)).toBe(1);
  });

  it("paint several classes in one step, later over earlier", async () => {
    const project = await open();
    const parts = [
      { paintId: 1, shape: square(0, 0, 40) },
      { paintId: 3, shape: square(10, 10, 10) },
    ];
    const rules = { lockedIds: [1], onlyUnlabelled: false };
    await project.labels.edit(idOf(project, "b"), { name: "accept", parts, rules }, null);
    expect(await pixel(project, "b", 5, 5)).toBe(1);
    expect(await pixel(project, "b", 15, 15)).toBe(3);
    await project.labels.undo();
    expect(await pixel(project, "b", 5, 5)).toBe(255);
  });

  it("are counted anew for training when they have changed, and only then", async () => {
    const project = await open();
    const census = new LabelCensus();
    const ids = [idOf(project, "a"), idOf(project, "b")];
    const count = async (id: number): Promise<number> => {
      const counted = await census.count(project, ids, [id]);
      return [...counted.values()].reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0);
    };
    expect(await count(3)).toBe(0);
    await paint(project, "a", 3, square(90, 10, 20));
    expect(census.known(project, ids, [3])).toBeNull();
    expect(await count(3)).toBe(400);
    await paint(project, "b", 3, square(0, 0, 10));
    expect(await count(3)).toBe(500);
    expect(census.known(project, ids, [3])).not.toBeNull();
  });

  it("refuse a second process while steps follow one another, and it sees what was painted all the same", async () => {
    const project = await open();
    await paint(project, "a", 3, square(90, 10, 20));
    const second = new Projects({ dataDirectory });
    const other = await open(second);
    const painting = new AbortController();
    const painted = (async () => {
      for (let step = 0; !painting.signal.aborted; step += 1) {
        await paint(project, "a", step % 2 === 0 ? 1 : 2, square(300, 10, 20));
        await sleep(200);
      }
    })();
    await expect(paint(other, "a", 1, square(0, 0, 10))).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`process ${process.pid}`) as string,
    });
    painting.abort();
    await painted;
    await expect.poll(() => pixel(other, "a", 95, 15), { timeout: 5000 }).toBe(3);
    await expect.poll(() => pixel(other, "a", 305, 15), { timeout: 5000 }).not.toBe(255);
    await projects.close();
    await paint(other, "b", 1, square(0, 0, 10));
    expect(await pixel(other, "b", 5, 5)).toBe(1);
    await second.close();
  });

  it("are handed over to a second process between two steps, with one history, and each is told what the other did", async () => {
    const project = await open();
    const second = new Projects({ dataDirectory });
    const other = await open(second);
    const told = { first: changesOf(project), second: changesOf(other) };
    await paint(project, "a", 3, square(90, 10, 20));
    await paint(other, "a", 1, square(95, 10, 20));
    expect(await pixel(other, "a", 92, 15)).toBe(3);
    expect(await pixel(other, "a", 97, 15)).toBe(1);
    await paint(other, "b", 2, square(0, 0, 10));
    // The other's chunks are written within two seconds, which the window's look finds.
    await expect
      .poll(() => project.labels.look().then(() => pixel(project, "a", 97, 15)), { timeout: 8000 })
      .toBe(1);
    await expect.poll(() => pixel(project, "b", 5, 5), { timeout: 5000 }).toBe(2);
    expect(told.first).toContainEqual({ mosaicId: idOf(project, "a"), revision: 2, isWhole: true });
    // The first takes back what the second did, then its own.
    expect(await project.labels.undo()).toMatchObject({ mosaicId: idOf(project, "b") });
    expect(await project.labels.undo()).toMatchObject({ mosaicId: idOf(project, "a") });
    expect(await pixel(project, "a", 97, 15)).toBe(3);
    await expect(other.labels.redo()).resolves.toMatchObject({ mosaicId: idOf(other, "a") });
    expect(await pixel(other, "a", 97, 15)).toBe(1);
    expect(told.second.filter(({ isWhole }) => isWhole).length).toBeGreaterThan(0);
    expect(existsSync(path.join(folder, ".orthomask/labels/editing.lock.asked"))).toBe(false);
    await second.close();
  });

  it("are handed over without disturbing who reads them meanwhile", async () => {
    const project = await open();
    const second = new Projects({ dataDirectory });
    const other = await open(second);
    await paint(project, "a", 3, square(90, 10, 20));
    const reading = new AbortController();
    const seen = new Set<number | undefined>();
    const read = (async () => {
      while (!reading.signal.aborted) {
        seen.add(await pixel(project, "a", 95, 15));
        await sleep(1);
      }
    })();
    await paint(other, "a", 1, square(200, 10, 20));
    reading.abort();
    await read;
    expect([...seen]).toEqual([3]);
    await second.close();
  });

  it("tell of a damaged journal as long as the project is open, also when they are read and painted", async () => {
    const project = await open();
    await paint(project, "a", 3, square(90, 10, 20));
    await paint(project, "a", 1, square(95, 10, 20));
    await projects.close();
    const journal = path.join(folder, ".orthomask/labels", idOf(project, "a"), "journal");
    const bytes = await readFile(journal);
    bytes[3] = 0;
    await writeFile(journal, bytes);
    projects = new Projects({ dataDirectory });
    const again = await open();
    const told = () =>
      again
        .snapshot()
        .problems.map(({ message }) => message)
        .join();
    expect(told()).toContain("journal.damaged-");
    expect(await pixel(again, "a", 95, 15)).toBe(1);
    await paint(again, "a", 2, square(0, 0, 10));
    expect(told()).toContain("journal.damaged-");
  });

  it("take over a lock whose process is gone, or is another one with its number", async () => {
    const lock = path.join(folder, ".orthomask/labels/editing.lock");
    const stale = [
      { pid: 2 ** 22 - 1, processStart: null, host: (await import("node:os")).hostname(), since: "then" },
      { pid: process.ppid, processStart: "1", host: (await import("node:os")).hostname(), since: "then" },
      { pid: process.pid, processStart: null, host: (await import("node:os")).hostname(), since: "then" },
    ];
    for (const owner of stale) {
      await mkdir(path.dirname(lock), { recursive: true });
      await writeFile(lock, JSON.stringify(owner));
      const project = await open();
      await paint(project, "a", 3, square(owner.pid % 50, 10, 20));
      expect(JSON.parse(await readFile(lock, "utf8"))).toMatchObject({ pid: process.pid });
      await projects.close();
      expect(existsSync(lock)).toBe(false);
      projects = new Projects({ dataDirectory });
    }
  });

  it("say when what was painted belongs to an image of another size", async () => {
    let project = await open();
    await paint(project, "b", 3, square(0, 0, 10));
    await projects.close();
    const wanted = path.join(folder, "images/b.tif");
    await rm(wanted);
    const writer = await createGeoTiffWriter(wanted, {
      width: 20,
      height: 10,
      bands: 3,
      dtype: "uint8",
      geoTags: geoTagsFor([0.25, 0, 500_000, 0, -0.25, 600_000], crsFromEpsg(2180)),
      overviews: "none",
      tileSize: 512,
    });
    await writer.writeTile(0, 0, new Uint8Array(600));
    await writer.finish();
    projects = new Projects({ dataDirectory });
    project = await open();
    expect(project.snapshot().problems.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringContaining("640×300 px, its image is 20×10") as string]),
    );
    expect(maskOf(project, "b")).toEqual({ kind: "none" });
  });
});

describe("the contract's labels", () => {
  it("have a connected area of a class, over the borders of chunks and no farther", async () => {
    const project = await open();
    const service = labelsService(projects, { readPrediction: () => Promise.resolve(null) });
    const { signal } = new AbortController();
    // Two squares that touch by a corner only.
    await paint(project, "b", 1, square(490, 10, 40));
    await paint(project, "b", 1, square(530, 50, 9));
    const place = { projectId: project.id, mosaicId: idOf(project, "b") };
    const area = await service.area({ ...place, column: 515, row: 20 }, { signal });
    const window = { x: 490, y: 10, width: 40, height: 40 };
    expect(area).toMatchObject({ pixelWindow: window, pixels: 1600, isWhole: true });
    expect(area?.runs).toEqual(encodeRuns(new Uint8Array(1600).fill(1)));
    expect(await service.area({ ...place, column: 538, row: 58 }, { signal })).toMatchObject({ pixels: 81 });
    expect(await service.area({ ...place, column: 100_000, row: 0 }, { signal })).toBeNull();
  });

  it("tell every page what changed and what can be undone", async () => {
    const project = await open();
    const service = labelsService(projects, { readPrediction: () => Promise.resolve(null) });
    const ended = new AbortController();
    const context = { signal: ended.signal };
    const seen: LabelEvent[][] = [[], []];
    const pages = seen.map(async (events) => {
      for await (const event of service.watch({ projectId: project.id }, context)) {
        events.push(event);
      }
    });
    await expect.poll(() => seen.map((events) => events.length)).toEqual([1, 1]);
    expect(seen[0]?.[0]).toEqual({ history: { undo: null, redo: null }, changes: [] });
    const mosaicId = idOf(project, "a");
    const input = { projectId: project.id, mosaicId, edit: edit(3, square(500, 10, 20)) };
    const { revision } = await service.edit(input, context);
    await expect.poll(() => seen.map((events) => events.length)).toEqual([2, 2]);
    expect(seen[1]?.[1]).toEqual({
      history: { undo: "paint 3", redo: null },
      changes: [
        {
          mosaicId,
          revision,
          pixelWindows: [
            { x: 500, y: 10, width: 12, height: 20 },
            { x: 512, y: 10, width: 8, height: 20 },
          ],
        },
      ],
    });
    expect(await service.edit(input, context)).toEqual({ revision: null });
    expect((await service.undo({ projectId: project.id }, context))?.mosaicId).toBe(mosaicId);
    expect(await service.undo({ projectId: project.id }, context)).toBeNull();
    await expect.poll(() => seen[0]?.at(-1)?.history).toEqual({ undo: null, redo: "paint 3" });
    ended.abort();
    await Promise.all(pages);
  });

  it("take over what a prediction says inside an area, where it is confident enough and the rules allow", async () => {
    const project = await open();
    const grid = await ClassGrid.create(path.join(folder, "predicted"), {
      width: WIDTH,
      height: HEIGHT,
      confidence: true,
    });
    const pixelWindow = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
    // Id 9 is no class of the project.
    const predicted = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, pixel) => [3, 2, 9][pixel % 3] ?? 0);
    const confidence = Uint8Array.from(
      { length: WIDTH * HEIGHT },
      (_, pixel) => Math.floor(pixel / WIDTH) % 256,
    );
    await grid.writeWindow(pixelWindow, predicted, confidence);
    const service = labelsService(projects, { readPrediction: () => Promise.resolve(grid) });
    const mosaicId = idOf(project, "a");
    const before = await project.readLabels(mosaicId, { pixelWindow });
    const area = square(480, 10, 200);
    const input = {
      projectId: project.id,
      areas: [{ mosaicId, area }],
      runId: "run",
      name: "Accept prediction",
      classId: null,
      leastConfidence: 0.5,
      rules: { lockedIds: [1], onlyUnlabelled: false },
    };
    // Stopped after its first chunk it has changed nothing.
    const stopped = new AbortController();
    const leaving = async (): Promise<void> => {
      for await (const item of service.accept(input, { signal: stopped.signal })) {
        expect(item.kind).toBe("progress");
        stopped.abort();
      }
    };
    await expect(leaving()).rejects.toThrow();
    expect(project.labels.history.undo).toBeNull();
    expect(Buffer.compare(await project.readLabels(mosaicId, { pixelWindow }), before)).toBe(0);

    const result = { pixels: 0 };
    for await (const item of service.accept(input, { signal: new AbortController().signal })) {
      if (item.kind === "result") {
        result.pixels = item.result[0]?.pixels ?? 0;
      }
    }
    const expected = before.map((id, pixel) => {
      const [column, row] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
      const isInside = column >= 480 && column < 680 && row >= 10 && row < 210;
      const accepted = isInside && (confidence[pixel] ?? 0) >= 128 && id !== 1 && predicted[pixel] !== 9;
      return accepted ? (predicted[pixel] ?? 0) : id;
    });
    expect(Buffer.compare(await project.readLabels(mosaicId, { pixelWindow }), expected)).toBe(0);
    expect(result.pixels).toBe(expected.filter((id, pixel) => id !== before[pixel]).length);
    expect(result.pixels).toBeGreaterThan(1000);
    expect(project.labels.history.undo).toBe("Accept prediction");
    const nothing = labelsService(projects, { readPrediction: () => Promise.resolve(null) });
    const asked = nothing.accept(input, { signal: new AbortController().signal });
    await expect((async () => asked[Symbol.asyncIterator]().next())()).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("take a prediction over in several mosaics as one step, and say how many checked cells it changed", async () => {
    const project = await open();
    const pixelWindow = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
    const grid = await ClassGrid.create(path.join(folder, "predicted"), { width: WIDTH, height: HEIGHT });
    await grid.writeWindow(pixelWindow, new Uint8Array(WIDTH * HEIGHT).fill(3));
    const [a, b] = [idOf(project, "a"), idOf(project, "b")];
    // Cells of 256 px: of three columns and two rows the middle of the upper row and the first of the lower are checked, in "a" only.
    const review = { version: 1, cellPixels: 256, mosaics: { [a]: ["120", "210"] } };
    await mkdir(project.storageDirectory, { recursive: true });
    await writeFile(path.join(project.storageDirectory, "review.json"), JSON.stringify(review));
    const service = labelsService(projects, { readPrediction: () => Promise.resolve(grid) });
    const accept = async (...areas: { mosaicId: string; area: LabelShape }[]): Promise<unknown> => {
      const input = {
        ...{ projectId: project.id, runId: "run", name: "Accept prediction", areas, classId: null },
        ...{ leastConfidence: 0, rules: { lockedIds: [], onlyUnlabelled: false } },
      };
      for await (const item of service.accept(input, { signal: new AbortController().signal })) {
        if (item.kind === "result") {
          return item.result;
        }
      }
      return null;
    };
    const read = async (): Promise<string> =>
      Buffer.concat(
        await Promise.all([a, b].map((mosaicId) => project.readLabels(mosaicId, { pixelWindow }))),
      ).toString("latin1");
    const before = await read();
    // From the first of the checked cells, and one pixel of a cell that isn't.
    expect(
      await accept({ mosaicId: a, area: square(255, 0, 100) }, { mosaicId: b, area: square(0, 0, 10) }),
    ).toMatchObject([
      { mosaicId: a, pixels: 10_000, checkedCells: 1 },
      { mosaicId: b, pixels: 100, checkedCells: 0 },
    ]);
    const after = await read();
    expect(await project.labels.undo()).not.toBeNull();
    expect((await read()) === before).toBe(true);
    expect(project.labels.history).toEqual({ undo: null, redo: "Accept prediction" });
    await project.labels.redo();
    expect((await read()) === after).toBe(true);
    expect(project.labels.history).toEqual({ undo: "Accept prediction", redo: null });
    // What is as the prediction says it stays as it was checked.
    expect(await accept({ mosaicId: a, area: square(255, 0, 100) })).toEqual([
      { mosaicId: a, revision: null, pixels: 0, checkedCells: 0 },
    ]);
    const twice = { mosaicId: b, area: square(0, 0, 10) };
    await expect(accept(twice, twice)).rejects.toMatchObject({ code: "invalid-input" });
  });

  it("tell a page that comes first of steps that an earlier session took", async () => {
    const project = await open();
    await project.labels.edit(idOf(project, "a"), edit(3, square(10, 10, 5)), null);
    await project.close();
    const again = new Projects({ dataDirectory: `${dataDirectory}-again` });
    try {
      const reopened = await again.open(folder);
      const ended = new AbortController();
      const service = labelsService(again, { readPrediction: () => Promise.resolve(null) });
      let last: LabelEvent | null = null;
      const page = (async () => {
        for await (const event of service.watch({ projectId: reopened.id }, { signal: ended.signal })) {
          last = event;
        }
      })();
      await expect.poll(() => last?.history.undo, { timeout: 10_000 }).toBe("paint 3");
      ended.abort();
      await page;
    } finally {
      await again.close();
      await rm(`${dataDirectory}-again`, { recursive: true, force: true });
    }
  });

  it("refuse a bitmap whose runs don't fit, and change nothing", async () => {
    const project = await open();
    const service = labelsService(projects, { readPrediction: () => Promise.resolve(null) });
    const shape: LabelShape = {
      kind: "bitmap",
      pixelWindow: { x: 0, y: 0, width: 4, height: 4 },
      runs: Uint8Array.of(3, 99),
    };
    await expect(
      service.edit(
        { projectId: project.id, mosaicId: idOf(project, "a"), edit: edit(3, shape) },
        { signal: new AbortController().signal },
      ),
    ).rejects.toMatchObject({ code: "invalid-input" });
    expect(project.labels.history.undo).toBeNull();
    expect(await pixel(project, "a", 3, 0)).toBe(1);
  });
});
