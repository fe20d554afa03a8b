import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { seededRandom } from "#shared/training/seeded-random.ts";
import { drawFolder, drawMosaic } from "../../../fixtures/learning/draw-folder.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { runCli } from "../../../fixtures/run-cli.ts";
import { testHostOptions } from "../../../fixtures/test-host-options.ts";
import { registerLabelCommand } from "../../cli/label.ts";
import { createGeoTiffWriter, noGeoTags } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";
import { createServices, type Services } from "../services.ts";
import { connectedPixels } from "./connected-pixels.ts";
import { coverMask } from "./cover-mask.ts";
import { findConflicts, mergeLabels, settleConflicts } from "./index.ts";

const [width, height] = [700, 560];
let base: string;
let services: Services;
let project: Project;
let mosaicId: string;
let mine: Uint8Array;
let theirs: Uint8Array;

function open(): Promise<Project> {
  services = createServices(testHostOptions(base));
  return services.projects.open(path.join(base, "set"), { remember: false });
}

/** Their labels, under ids of their own that only the names explain: 11 field, 12 wood, 13 water, 14 something else. */
async function writeTheirs(filePath: string, ids: Uint8Array): Promise<void> {
  const own = new Uint8Array(256).map((_, id) => ({ 1: 11, 2: 12, 4: 13, 77: 14 })[id] ?? 255);
  const writer = await createGeoTiffWriter(filePath, {
    width,
    height,
    bands: 1,
    dtype: "uint8",
    geoTags: noGeoTags,
    nodata: 255,
    categoryNames: { 11: "Field", 12: "wood", 13: "water", 14: "moor" },
  });
  for (let row = 0; row < writer.tilesDown; row++) {
    for (let column = 0; column < writer.tilesAcross; column++) {
      const tile = new Uint8Array(512 * 512).fill(255);
      for (let y = 0; y < 512; y++) {
        for (let x = 0; x < 512; x++) {
          const [atX, atY] = [column * 512 + x, row * 512 + y];
          if (atX < width && atY < height) {
            tile[y * 512 + x] = own[ids[atY * width + atX] as number] as number;
          }
        }
      }
      await writer.writeTile(column, row, tile);
    }
  }
  await writer.finish();
}

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), "orthomask-merge-"));
  const drawn = drawMosaic("a", width, height, 3);
  const random = seededRandom(9, "theirs");
  mine = drawn.mask.map((id, pixel) => (pixel % width < 200 ? 255 : id === 9 ? 4 : id));
  // In blobs, so that places have some size.
  const changed = drawMosaic("b", width, height, 8).mask;
  theirs = mine.map((id, pixel) => {
    const other = changed[pixel] as number;
    return other === 2 ? ([1, 2, 4, 255, 77][random.integer(5)] ?? 1) : other === 4 ? 4 : id;
  });
  await drawFolder(path.join(base, "set"), [{ ...drawn, mask: mine }]);
  await writeTheirs(path.join(base, "a.tif"), theirs);
  project = await open();
  await project.counted();
  mosaicId = project.snapshot().mosaics[0]?.id ?? "";
});

afterEach(async () => {
  await services.close();
  await rm(base, { recursive: true, force: true });
});

const labels = (): Promise<Uint8Array> =>
  project.readLabels(mosaicId, { pixelWindow: { x: 0, y: 0, width, height } });

/** What NumPy and SciPy say of the two. */
const script = `
import sys, json
import numpy as np
from scipy import ndimage
w, h = int(sys.argv[2]), int(sys.argv[3])
both = np.fromfile(sys.argv[1], "uint8").reshape(2, h, w)
mine, theirs = both
known = np.isin(theirs, [1, 2, 4])
conflict = known & (mine != 255) & (mine != theirs)
labelled, n = ndimage.label(conflict, np.ones((3, 3)))
pairs = {}
for m in (1, 2, 4):
    for t in (1, 2, 4):
        k = int(np.sum(conflict & (mine == m) & (theirs == t)))
        if k: pairs["%d %d" % (m, t)] = k
print(json.dumps({
  "taken": int(np.sum(known & (mine == 255))), "same": int(np.sum(known & (mine == theirs))), "conflicting": int(conflict.sum()),
  "unknown": int(np.sum(theirs == 77)), "places": n, "pairs": pairs,
  "largest": sorted((int(v) for v in np.bincount(labelled.ravel())[1:]), reverse=True)[:20],
}))
`;

it.skipIf(peerPython() === undefined)(
  "counts what NumPy and SciPy count (skipped without the Python peers)",
  async () => {
    await writeFile(path.join(base, "both"), Buffer.concat([mine, theirs]));
    const expected = z
      .object({
        taken: z.number(),
        same: z.number(),
        conflicting: z.number(),
        unknown: z.number(),
        places: z.number(),
        pairs: z.record(z.string(), z.number()),
        largest: z.array(z.number()),
      })
      .parse(await runPeer(script, [path.join(base, "both"), String(width), String(height)]));
    const report = await mergeLabels(project, mosaicId, path.join(base, "a.tif"));
    const { taken, same, conflicting, unknown } = expected;
    expect(report).toEqual({ mosaicId, taken, same, conflicting, unknown });
    const found = await findConflicts(project, [mosaicId], 20);
    expect(found).toMatchObject({ pixels: conflicting, places: expected.places });
    expect(
      Object.fromEntries(found.pairs.map((pair) => [`${pair.mineId} ${pair.theirsId}`, pair.pixels])),
    ).toEqual(expected.pairs);
    expect(found.largest.map(({ pixels }) => pixels)).toEqual(expected.largest);
  },
);

describe("two people's labels", () => {
  const isKnown = (id: number): boolean => [1, 2, 4].includes(id);

  it("are merged, settled and taken back step by step, also after a restart", async () => {
    await mergeLabels(project, mosaicId, path.join(base, "a.tif"));
    const merged = mine.map((id, pixel) =>
      id === 255 && isKnown(theirs[pixel] as number) ? (theirs[pixel] as number) : id,
    );
    expect(Buffer.compare(await labels(), merged)).toBe(0);
    const before = await findConflicts(project, [mosaicId], 5);
    const [first, second] = before.largest;
    if (first === undefined || second === undefined) {
      throw new Error("no places to settle");
    }
    expect(await settleConflicts(project, mosaicId, first, "theirs")).toBe(first.pixels);
    expect(await settleConflicts(project, mosaicId, second, "mine")).toBe(second.pixels);
    const after = await findConflicts(project, [mosaicId], 5);
    expect(after.pixels).toBe(before.pixels - first.pixels - second.pixels);
    expect(after.places).toBe(before.places - 2);
    const changed = (await labels()).reduce((sum, id, pixel) => sum + (id === merged[pixel] ? 0 : 1), 0);
    expect(changed).toBe(first.pixels);

    await services.close();
    project = await open();
    await project.counted();
    expect(await findConflicts(project, [mosaicId], 5)).toEqual(after);
    expect(project.labels.history.undo).toBe("Keep mine");
    expect(await project.labels.undo()).toMatchObject({ mosaicId });
    expect(project.labels.history.undo).toBe("Take theirs");
    await project.labels.undo();
    expect(await findConflicts(project, [mosaicId], 5)).toEqual(before);
    expect(Buffer.compare(await labels(), merged)).toBe(0);

    expect(await settleConflicts(project, mosaicId, null, "theirs")).toBe(before.pixels);
    const all = mine.map((id, pixel) => (isKnown(theirs[pixel] as number) ? (theirs[pixel] as number) : id));
    expect(Buffer.compare(await labels(), all)).toBe(0);
    expect((await findConflicts(project, [mosaicId], 5)).pixels).toBe(0);
    // What was taken is settled for good: painting over it opens nothing again, and labels and differences are one step.
    const window = { x: 0, y: 0, width, height };
    const brush = { name: "Brush", editId: null };
    await project.labels.change(mosaicId, brush, window, (_, ids) => void ids.fill(4));
    expect((await findConflicts(project, [mosaicId], 5)).pixels).toBe(0);
    await project.labels.undo();
    await project.labels.undo();
    expect(project.labels.history).toEqual({ undo: "Merge labels", redo: "Take theirs" });
    expect(await findConflicts(project, [mosaicId], 5)).toEqual(before);
    await project.labels.redo();
    expect(project.labels.history).toEqual({ undo: "Take theirs", redo: "Brush" });
    expect(Buffer.compare(await labels(), all)).toBe(0);
    await project.labels.undo();
    await project.labels.undo();
    expect(project.labels.history.undo).toBeNull();
    expect(Buffer.compare(await labels(), mine)).toBe(0);
    expect((await findConflicts(project, [mosaicId], 5)).pixels).toBe(0);
  });

  it("are settled as they are by now, also where another process changed them meanwhile", async () => {
    await mergeLabels(project, mosaicId, path.join(base, "a.tif"));
    const before = await findConflicts(project, [mosaicId], 1);
    for (const kept of ["theirs", "mine"] as const) {
      await services.close();
      project = await open();
      await project.counted();
      await labels();
      const others = createServices(testHostOptions(path.join(base, "others")));
      try {
        const theirProject = await others.projects.open(path.join(base, "set"), { remember: false });
        await theirProject.counted();
        const [place] = before.largest;
        const settled = await settleConflicts(theirProject, mosaicId, place ?? null, "theirs");
        expect(settled).toBe(place?.pixels);
      } finally {
        await others.close();
      }
      const rest = before.pixels - (before.largest[0]?.pixels ?? 0);
      expect(await settleConflicts(project, mosaicId, null, kept)).toBe(rest);
      expect((await findConflicts(project, [mosaicId], 1)).pixels).toBe(0);
      await project.labels.undo();
      await project.labels.undo();
      expect(await findConflicts(project, [mosaicId], 1)).toEqual(before);
    }
  });

  it("are read again only where either side has changed", async () => {
    await mergeLabels(project, mosaicId, path.join(base, "a.tif"));
    const before = await findConflicts(project, [mosaicId], 5);
    const reads = vi.spyOn(project, "readLabels");
    expect(await findConflicts(project, [mosaicId], 5)).toEqual(before);
    expect(reads).toHaveBeenCalledTimes(0);
    await settleConflicts(project, mosaicId, before.largest[0] ?? null, "mine");
    reads.mockClear();
    const after = await findConflicts(project, [mosaicId], 5);
    expect(after.pixels).toBe(before.pixels - (before.largest[0]?.pixels ?? 0));
    expect(reads).toHaveBeenCalledTimes(1);
    await settleConflicts(project, mosaicId, null, "mine");
    reads.mockClear();
    expect(await findConflicts(project, [mosaicId], 5)).toMatchObject({ pixels: 0, places: 0, pairs: [] });
    expect(reads).toHaveBeenCalledTimes(0);
  });

  it("are settled within the mosaic, and a place beyond 2²⁴ px only with all others", async () => {
    await mergeLabels(project, mosaicId, path.join(base, "a.tif"));
    const [first] = (await findConflicts(project, [mosaicId], 1)).largest;
    const pixelWindow = { x: -500_000, y: -500_000, width: 2_000_000, height: 2_000_000 };
    const wide = { pixelWindow, anchor: first?.anchor ?? ([0, 0] as [number, number]) };
    // Only its size is asked before it is refused.
    const mosaic = project.mosaic(mosaicId);
    const size = vi.spyOn(project, "mosaic").mockReturnValue({
      ...mosaic,
      image: { ...mosaic.image, width: 100_000, height: 90_000 },
    });
    await expect(settleConflicts(project, mosaicId, wide, "mine")).rejects.toThrow(
      "A place of 100000×90000 px is too large to be settled by itself: settle all differences of a at once.",
    );
    size.mockRestore();
    expect(await settleConflicts(project, mosaicId, wide, "mine")).toBe(first?.pixels);
  });

  it("are left as they were, without anything to take back or do again, by a merge that is stopped in either of its passes", async () => {
    await project.labels.change(
      mosaicId,
      { name: "Brush", editId: null },
      { x: 0, y: 0, width: 9, height: 9 },
      (_, ids) => Promise.resolve(void ids.fill(4)),
    );
    const before = await labels();
    for (const share of [0.2, 0.7]) {
      const stop = new AbortController();
      const shares: number[] = [];
      const merging = mergeLabels(project, mosaicId, path.join(base, "a.tif"), {
        signal: stop.signal,
        onProgress: (progress) => {
          shares.push(progress);
          if (progress >= share) {
            stop.abort();
          }
        },
      });
      await expect(merging).rejects.toThrow("abort");
      expect(shares.at(-1)).toBeGreaterThanOrEqual(share);
      expect(shares.at(-1)).toBeLessThan(1);
      expect(Buffer.compare(await labels(), before)).toBe(0);
      expect((await findConflicts(project, [mosaicId], 5)).pixels).toBe(0);
      expect(project.labels.history).toEqual({ undo: "Brush", redo: null });
    }
    const shares: number[] = [];
    await mergeLabels(project, mosaicId, path.join(base, "a.tif"), {
      onProgress: (progress) => shares.push(progress),
    });
    expect(shares).toEqual(shares.toSorted((one, other) => one - other));
    expect(shares.at(-1)).toBe(1);
    expect((await findConflicts(project, [mosaicId], 5)).pixels).toBeGreaterThan(0);
  });

  it("must lie on the same grid", async () => {
    await drawFolder(path.join(base, "other"), [drawMosaic("a", 300, 200, 1)]);
    await expect(mergeLabels(project, mosaicId, path.join(base, "other/masks/a.png"))).rejects.toThrow(
      "a.png can't be merged into a: the mask is 300×200 px, the mosaic 700×560.",
    );
    expect(project.labels.history.undo).toBeNull();
  });

  it("are merged and settled from the command line", async () => {
    await services.close();
    const run = async (...words: string[]): Promise<unknown> => {
      const done = await runCli(["label", ...words, "--json"], [registerLabelCommand], {
        base: path.join(base, "cli"),
      });
      expect(done.code, done.stderr).toBe(0);
      return JSON.parse(done.stdout);
    };
    const folder = path.join(base, "set");
    const report = await run("merge", folder, path.join(base, "a.tif"));
    expect(report).toMatchObject({ mosaic: "a", unknown: theirs.filter((id) => id === 77).length });
    const listed = z
      .object({
        pixels: z.number(),
        largest: z.array(z.object({ mosaic: z.literal("a"), pixels: z.number() })),
      })
      .parse(await run("conflicts", folder));
    const place = await run("conflicts", folder, "--keep", "theirs", "--place", "2");
    expect(place).toEqual({ kept: "theirs", pixels: listed.largest[1]?.pixels });
    const rest = await run("conflicts", folder, "--keep", "mine");
    expect(rest).toEqual({ kept: "mine", pixels: listed.pixels - (listed.largest[1]?.pixels ?? 0) });
    expect(await run(folder, "--undo")).toMatchObject({ mosaic: "a" });
    project = await open();
  });
});

it("covers a mask with rectangles, each pixel once", () => {
  const random = seededRandom(4, "cover");
  const window = { x: 30, y: 7, width: 23, height: 17 };
  for (const share of [0, 0.2, 0.9, 1]) {
    const mask = Uint8Array.from({ length: 23 * 17 }, () => (random.next() < share ? 1 : 0));
    const counts = new Uint8Array(mask.length);
    for (const { x, y, width: across, height: down } of coverMask(mask, window, 400) ?? []) {
      for (let pixel = 0; pixel < across * down; pixel++) {
        const at = (y - 7 + Math.floor(pixel / across)) * 23 + x - 30 + (pixel % across);
        counts[at] = (counts[at] as number) + 1;
      }
    }
    expect(Buffer.compare(counts, mask)).toBe(0);
    expect(share === 1 ? coverMask(mask, window, 400) : null).toEqual(share === 1 ? [window] : null);
  }
  expect(
    coverMask(
      Uint8Array.from({ length: 23 * 17 }, (_, at) => at % 2),
      window,
      20,
    ),
  ).toBeNull();
});

it("finds the connected pixels of a drawn mask", () => {
  const rows = ["##..#", "..#.#", "....#", "#.##."];
  const mask = Uint8Array.from(rows.join(""), (letter) => (letter === "#" ? 1 : 0));
  const draw = (start: number): string[] =>
    [...connectedPixels(mask, 5, start)]
      .map((pixel) => (pixel === 1 ? "#" : "."))
      .join("")
      .match(/.{5}/g) ?? [];
  expect(draw(0)).toEqual(["##...", "..#..", ".....", "....."]);
  expect(draw(4)).toEqual(["....#", "....#", "....#", "..##."]);
  expect(draw(2)).toEqual([".....", ".....", ".....", "....."]);
});
