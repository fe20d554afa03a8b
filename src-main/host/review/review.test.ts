import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { drawFolder, drawMosaic } from "../../../fixtures/learning/draw-folder.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import type { MosaicReview, ReviewEvent } from "#shared/labels/review-contract.ts";
import { ClassGrid } from "../../raster/index.ts";
import { Projects, type Project } from "../projects/index.ts";
import { Review } from "./index.ts";

const WIDTH = 700;
const HEIGHT = 520;
const drawn = drawMosaic("a", WIDTH, HEIGHT, 8);
/** Half transparent: no imagery from column 300 on, which no multiple of a block's side is. */
const IMAGERY_WIDTH = 300;

let folder: string;
let projects: Projects;
let project: Project;
let review: Review;
let grid: ClassGrid | null = null;
let finish: () => void = () => undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-review-"));
  await drawFolder(path.join(folder, "set"), [drawn]);
  const half = new Uint8Array(WIDTH * HEIGHT * 4).map((_, index) => {
    const column = Math.floor(index / 4) % WIDTH;
    return index % 4 === 3 ? (column < IMAGERY_WIDTH ? 255 : 0) : 90;
  });
  await sharp(half, { raw: { width: WIDTH, height: HEIGHT, channels: 4 } })
    .png()
    .toFile(path.join(folder, "set/images/half.png"));
  await open();
});

afterEach(async () => {
  finish();
  review.close();
  await projects.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(): Promise<void> {
  projects = new Projects({ dataDirectory: path.join(folder, "data") });
  project = await projects.open(path.join(folder, "set"), { remember: false });
  await project.counted();
  review = new Review({
    projects,
    predictions: { readFinished: (_, mosaicId) => Promise.resolve(mosaicId === idOf("a") ? grid : null) },
    untilQuiet: () => Promise.resolve(),
  });
}

function idOf(name: string): string {
  return project.snapshot().mosaics.find((mosaic) => mosaic.name === name)?.id ?? "";
}

/** A page that looks on: `of` resolves when what it knows of a mosaic is as wanted. */
function page(): {
  of: (name: string, wanted: (known: MosaicReview) => boolean) => Promise<MosaicReview>;
  leave: () => void;
} {
  const ended = new AbortController();
  const known = new Map<string, MosaicReview>();
  let wake: () => void = () => undefined;
  void (async () => {
    for await (const { mosaics } of review.watch(project.id, ended)) {
      for (const mosaic of mosaics) {
        known.set(mosaic.mosaicId, mosaic);
      }
      wake();
    }
  })();
  finish = () => {
    ended.abort();
  };
  return {
    leave: finish,
    of: async (name, wanted) => {
      for (;;) {
        const found = known.get(idOf(name));
        if (found !== undefined && wanted(found)) {
          return found;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

const isCounted = ({ counts }: MosaicReview): boolean => counts !== null;

describe("label progress", () => {
  it("counts what is labelled of imagery, by cell, as NumPy does (skipped without the Python peers)", async (context) => {
    context.skip(peerPython() === undefined);
    await review.setCellPixels(project.id, 256);
    const { counts, columns, rows } = await page().of("a", isCounted);
    const [labelled, shares] = (await runPeer(
      `
import json, sys
import numpy, rasterio
with rasterio.open(sys.argv[1]) as source:
    mask = source.read(1)
known = numpy.isin(mask, [1, 2, 4, 9])
cells = [known[y:y + 256, x:x + 256].mean() for y in range(0, mask.shape[0], 256) for x in range(0, mask.shape[1], 256)]
print(json.dumps([int(known.sum()), cells]))
`,
      [path.join(folder, "set/masks/a.png")],
    )) as [number, number[]];
    expect([columns, rows]).toEqual([3, 3]);
    expect(counts).toMatchObject({ labelledPixels: labelled, imageryPixels: WIDTH * HEIGHT });
    for (const [index, share] of shares.entries()) {
      expect(Math.abs((counts?.labelledShares[index] ?? 0) - 255 * share)).toBeLessThanOrEqual(1);
      expect(counts?.labelledShares[index] === 255).toBe(share === 1);
    }
  });

  it("leaves out what has no data, and keeps up with what is painted and undone", async () => {
    await review.setCellPixels(project.id, 256);
    const onlooker = page();
    const half = await onlooker.of("half", isCounted);
    // In whole blocks of 8 px, by their middles: that from 296 on has its middle in what is transparent.
    expect(half.counts?.imageryPixels).toBe(296 * HEIGHT);
    expect([...(half.counts?.imagery ?? [])]).toEqual([1, 1, 0, 1, 1, 0, 1, 1, 0]);
    expect(half.counts?.labelledPixels).toBe(0);
    const rules = { lockedIds: [], onlyUnlabelled: false };
    const square = [
      [0, 0],
      [256, 0],
      [256, 256],
      [0, 256],
    ] as [number, number][];
    const paint = (paintId: number): ReturnType<Project["labels"]["edit"]> =>
      project.labels.edit(
        idOf("half"),
        { name: "Polygon", rules, parts: [{ paintId, shape: { kind: "polygon", rings: [square] } }] },
        null,
      );
    await paint(2);
    const painted = await onlooker.of("half", ({ counts }) => counts?.labelledPixels === 256 ** 2);
    expect([...(painted.counts?.labelledShares ?? [])]).toEqual([255, 0, 0, 0, 0, 0, 0, 0, 0]);
    await project.labels.undo();
    await onlooker.of("half", ({ counts }) => counts?.labelledPixels === 0);
    // Whose ids are no class any more is unlabelled.
    await onlooker.of("a", isCounted);
    await project.setClasses([{ id: 1, name: "field", color: "#c8b464", ignore: false }]);
    const fields = drawn.mask.filter((id) => id === 1).length;
    await onlooker.of("a", ({ counts }) => counts?.labelledPixels === fields);
  });
});

describe("the state of a cell", () => {
  it("is told to every page, survives a restart, and another size of cells", async () => {
    const cellPixels = 512;
    await review.setCellPixels(project.id, cellPixels);
    const onlooker = page();
    const id = idOf("a");
    await review.setState(project.id, id, { column: 1, row: 0, cellPixels }, "checked");
    await review.setState(project.id, id, { column: 0, row: 0, cellPixels }, "done");
    expect([...(await onlooker.of("a", ({ states }) => states[0] === 1)).states]).toEqual([1, 2, 0, 0]);
    finish();
    review.close();
    await projects.close();
    await open();
    expect([...(await page().of("a", () => true)).states]).toEqual([1, 2, 0, 0]);
    await review.setCellPixels(project.id, 256);
    const [first] = await takeOne();
    expect([...(first?.mosaics.find(({ mosaicId }) => mosaicId === id)?.states ?? [])]).toEqual([
      1, 1, 2, 1, 1, 2, 0, 0, 0,
    ]);
  });

  it("shows what another process has told of it", async () => {
    const cellPixels = 512;
    await review.setCellPixels(project.id, cellPixels);
    const onlooker = page();
    await onlooker.of("a", () => true);
    const elsewhere = new Review({
      projects,
      predictions: { readFinished: () => Promise.resolve(null) },
      untilQuiet: () => Promise.resolve(),
    });
    await elsewhere.setState(project.id, idOf("a"), { column: 1, row: 0, cellPixels }, "checked");
    expect([...(await onlooker.of("a", ({ states }) => states[1] === 2)).states]).toEqual([0, 2, 0, 0]);
    elsewhere.close();
  });

  it("is refused for a cell that isn't there and for another size, and a file that can't be read stays as it is", async () => {
    const id = idOf("a");
    const set = (column: number, cellPixels: 512 | 1024): Promise<void> =>
      review.setState(project.id, id, { column, row: 0, cellPixels }, "done");
    await expect(set(2, 512)).rejects.toMatchObject({ code: "invalid-input", message: /2×2 cells/ });
    await expect(set(0, 512)).rejects.toMatchObject({ code: "conflict", message: /1024 px/ });
    const file = path.join(project.storageDirectory, "review.json");
    await mkdir(project.storageDirectory, { recursive: true });
    await writeFile(file, '{"version":1,"cellPixels":7}');
    await expect(set(0, 1024)).rejects.toMatchObject({ code: "invalid-input", message: /cellPixels/ });
    await writeFile(file, '{"version":2}');
    await expect(set(0, 1024)).rejects.toMatchObject({ code: "unsupported" });
    expect(await readFile(file, "utf8")).toBe('{"version":2}');
  });

  async function takeOne(): Promise<ReviewEvent[]> {
    const ended = new AbortController();
    for await (const event of review.watch(project.id, ended)) {
      ended.abort();
      return [event];
    }
    return [];
  }
});

describe("uncertain cells", () => {
  it("are ordered by the entropy of what is unlabelled in them, those that are done left out", async () => {
    await review.setCellPixels(project.id, 256);
    const id = idOf("a");
    await expect(review.uncertain(project.id, "r", 10)).rejects.toMatchObject({ code: "not-found" });
    grid = await ClassGrid.create(path.join(folder, "grid"), {
      width: WIDTH,
      height: HEIGHT,
      confidence: true,
      entropy: true,
    });
    const paint = async (column: number, row: number, confidence: number, entropy: number): Promise<void> => {
      const window = { x: column * 256, y: row * 256, width: 256, height: 256 };
      const fill = (value: number): Uint8Array => new Uint8Array(256 * 256).fill(value);
      await grid?.writeWindow(window, fill(1), fill(confidence), fill(entropy));
    };
    await paint(0, 0, 250, 51);
    await paint(1, 0, 250, 153);
    await paint(2, 1, 10, 102);
    const found = await review.uncertain(project.id, "r", 10);
    expect(found.map(({ column, row, uncertainty }) => [column, row, uncertainty])).toEqual([
      [1, 0, 153 / 255],
      [2, 1, 102 / 255],
      [0, 0, 51 / 255],
    ]);
    expect(found[0]?.measure).toBe("entropy");
    await review.setState(project.id, id, { column: 1, row: 0, cellPixels: 256 }, "done");
    expect((await review.uncertain(project.id, "r", 1))[0]).toMatchObject({ column: 2, row: 1 });
    // An older prediction has confidences only.
    grid = await ClassGrid.create(path.join(folder, "old"), {
      width: WIDTH,
      height: HEIGHT,
      confidence: true,
    });
    await paint(2, 1, 204, 0);
    expect(await review.uncertain(project.id, "r", 1)).toEqual([
      { mosaicId: id, column: 2, row: 1, uncertainty: 51 / 255, measure: "confidence" },
    ]);
    grid = null;
  });
});
