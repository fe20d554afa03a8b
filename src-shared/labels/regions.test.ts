import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../fixtures/peers.ts";
import type { PixelWindow } from "../geo/pixel-window.ts";
import { seededRandom } from "../training/seeded-random.ts";
import { colorAt, colorMembers } from "./color-members.ts";
import { floodBlocks } from "./flood-blocks.ts";
import { floodFill } from "./flood.ts";
import { labOf } from "./lab-color.ts";
import { fillHoles, growMask, removeSpecks, shrinkMask, smoothMask } from "./mask-shaping.ts";
import { nearestLabelEdge } from "./nearest-label-edge.ts";
import { encodeRuns } from "./runs.ts";
import { encodeScaledRuns } from "./scaled-runs.ts";
import { superpixels } from "./superpixels.ts";

function grid(...rows: string[]): { mask: Uint8Array<ArrayBuffer>; width: number } {
  return {
    mask: Uint8Array.from(rows.join("").split(""), (pixel) => (pixel === "#" ? 1 : 0)),
    width: rows[0]?.length ?? 0,
  };
}

function drawn(mask: Uint8Array, width: number): string[] {
  return Array.from({ length: mask.length / width }, (_, row) =>
    [...mask.subarray(row * width, (row + 1) * width)].map((pixel) => (pixel === 1 ? "#" : ".")).join(""),
  );
}

describe("regions on small grids", () => {
  it("floods by sides, not over corners, and out of dead ends", () => {
    const { mask: members, width } = grid("##.##", "#.#.#", "##.##", ".#.#.", "##.##");
    const mask = new Uint8Array(members.length);
    expect(floodFill(mask, width, members, [0])).toBe(8);
    expect(drawn(mask, width)).toEqual(["##...", "#....", "##...", ".#...", "##..."]);
    expect(floodFill(mask, width, members, [2])).toBe(0);
  });

  it("fills holes and removes specks", () => {
    const { mask, width } = grid("######.", "#....#.", "#.##.#.", "#....#.", "####.#.", "......#");
    expect(drawn(fillHoles(mask, width), width)).toEqual([
      "######.",
      "#....#.",
      "#.##.#.",
      "#....#.",
      "####.#.",
      "......#",
    ]);
    const { mask: closed } = grid("######.", "#....#.", "#.##.#.", "#....#.", "######.", "......#");
    expect(drawn(fillHoles(closed, width), width).slice(0, 5)).toEqual(Array(5).fill("######."));
    expect(drawn(removeSpecks(closed, width, 3), width)).toEqual([
      "######.",
      "#....#.",
      "#....#.",
      "#....#.",
      "######.",
      ".......",
    ]);
  });

  it("takes colours within a tolerance in every channel, and nothing without data", () => {
    const rgba = Uint8Array.of(10, 10, 10, 255, 14, 10, 6, 255, 15, 10, 10, 255, 10, 10, 10, 0);
    expect(colorAt(rgba, 1)).toEqual([14, 10, 6]);
    expect(colorAt(rgba, 3)).toBeNull();
    expect([...colorMembers(rgba, [10, 10, 10], 4)]).toEqual([1, 1, 0, 0]);
  });

  it("snaps to corners first, then to edges, within reach", () => {
    const window = { x: 10, y: 20, width: 6, height: 4 };
    const ids = Uint8Array.from("111111111222111222111222".split(""), Number);
    expect(nearestLabelEdge(ids, window, [13.3, 21.4], 1)).toEqual([13, 21]);
    expect(nearestLabelEdge(ids, window, [14.5, 21.4], 1)).toEqual([14.5, 21]);
    expect(nearestLabelEdge(ids, window, [12.9, 22.7], 1)).toEqual([13, 22.7]);
    expect(nearestLabelEdge(ids, window, [10.5, 20.2], 1)).toBeNull();
  });

  it("enlarges a bitmap in its runs only", () => {
    const random = seededRandom(4, "scaled");
    for (const step of [1, 2, 3]) {
      const [width, height] = [17, 11];
      const columns = Math.ceil(width / step);
      const mask = Uint8Array.from({ length: columns * Math.ceil(height / step) }, () => random.integer(2));
      const large = Uint8Array.from({ length: width * height }, (_, pixel) => {
        const [column, row] = [pixel % width, Math.floor(pixel / width)];
        return mask[Math.floor(row / step) * columns + Math.floor(column / step)] ?? 0;
      });
      expect(encodeScaledRuns(mask, step, { width, height })).toEqual(encodeRuns(large));
    }
  });
});

describe("a flood over blocks", () => {
  /** Rings within each other, over several blocks, without a way from one to the next. */
  const size = { width: 1300, height: 1100 };
  const members = new Uint8Array(size.width * size.height);
  for (let pixel = 0; pixel < members.length; pixel++) {
    const [column, row] = [pixel % size.width, Math.floor(pixel / size.width)];
    const inward = Math.min(column, row, size.width - 1 - column, size.height - 1 - row);
    members[pixel] = inward % 100 >= 20 && inward % 100 < 70 ? 1 : 0;
  }
  const readMembers = (window: PixelWindow): Promise<Uint8Array> => {
    const part = new Uint8Array(window.width * window.height);
    for (let row = 0; row < window.height; row++) {
      const from = (window.y + row) * size.width + window.x;
      part.set(members.subarray(from, from + window.width), row * window.width);
    }
    return Promise.resolve(part);
  };

  it("is what a flood over the whole is, and reads only what it reaches", async () => {
    for (const [x, y] of [
      [30, 30],
      [650, 130],
      [650, 370],
    ] as const) {
      const whole = new Uint8Array(members.length);
      const pixels = floodFill(whole, size.width, members, [y * size.width + x]);
      const region = await floodBlocks(size, [{ x, y }], readMembers, { mostBlocks: 64 });
      expect(pixels > 0 ? region?.pixels : null).toBe(pixels > 0 ? pixels : null);
      if (region !== null) {
        const { pixelWindow, mask } = region;
        for (let row = 0; row < pixelWindow.height; row += 1) {
          const from = (pixelWindow.y + row) * size.width + pixelWindow.x;
          const expected = whole.subarray(from, from + pixelWindow.width);
          const ours = mask.subarray(row * pixelWindow.width, (row + 1) * pixelWindow.width);
          expect(Buffer.compare(ours, expected)).toBe(0);
        }
      }
    }
    let reads = 0;
    const one = Uint8Array.of(1);
    const region = await floodBlocks(
      size,
      [{ x: 600, y: 600 }],
      async (window) => {
        reads += 1;
        const part = new Uint8Array(window.width * window.height);
        part.set(one, (600 - window.y) * window.width + 600 - window.x);
        return Promise.resolve(part);
      },
      { mostBlocks: 64 },
    );
    expect([reads, region?.pixels, region?.isWhole]).toEqual([1, 1, true]);
    const cut = await floodBlocks(size, [{ x: 30, y: 30 }], readMembers, { mostBlocks: 2 });
    expect(cut?.isWhole).toBe(false);
    expect(await floodBlocks(size, [{ x: 0, y: 0 }], readMembers, { mostBlocks: 2 })).toBeNull();
  });
});

/** A picture of rectangles with grain, as fields from above. */
function fields(width: number, height: number): { rgba: Uint8Array; truth: Uint8Array } {
  const random = seededRandom(11, "fields");
  const colors = Array.from({ length: 30 }, () => [
    random.integer(256),
    random.integer(256),
    random.integer(256),
  ]);
  const rgba = new Uint8Array(width * height * 4);
  const truth = new Uint8Array(width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [column, row] = [pixel % width, Math.floor(pixel / width)];
    const field = Math.floor((column + row * 0.3) / 53) + 6 * Math.floor(row / 41);
    truth[pixel] = field % 30;
    const [red = 0, green = 0, blue = 0] = colors[field % 30] ?? [];
    const grain = random.integer(21) - 10;
    rgba.set(
      [red, green, blue].map((value) => Math.min(255, Math.max(0, value + grain))),
      pixel * 4,
    );
    rgba[pixel * 4 + 3] = 255;
  }
  return { rgba, truth };
}

const script = `
import sys, json, base64
import numpy as np
from scipy import ndimage
data = json.load(open(sys.argv[1]))
side = data["side"]
def bits(text, shape): return np.frombuffer(base64.b64decode(text), np.uint8).reshape(shape)
def out(array): return base64.b64encode(np.ascontiguousarray(array).astype("uint8").tobytes()).decode()
def disk(r):
    y, x = np.mgrid[-r : r + 1, -r : r + 1]
    return x * x + y * y <= r * r
mask = bits(data["mask"], (side, side)).astype(bool)
results = {}
for r in data["radii"]:
    results[f"grow{r}"] = out(ndimage.binary_dilation(mask, disk(r)))
    results[f"shrink{r}"] = out(ndimage.binary_erosion(mask, disk(r), border_value=1))
    results[f"smooth{r}"] = out(ndimage.convolve(mask.astype(int), disk(r).astype(int), mode="constant") * 2 > disk(r).sum())
results["holes"] = out(ndimage.binary_fill_holes(mask))
lab, n = ndimage.label(mask)
sizes = ndimage.sum(mask, lab, range(n + 1))
results["specks"] = out((sizes >= data["least"])[lab] & mask)
h, w = data["picture"]["height"], data["picture"]["width"]
rgba = bits(data["picture"]["rgba"], (h, w, 4))
seed = tuple(data["seed"])
distance = np.abs(rgba[..., :3].astype(int) - rgba[seed][:3].astype(int)).max(-1)
for t in data["tolerances"]:
    parts, _ = ndimage.label(distance <= t)
    results[f"flood{t}"] = out(parts == parts[seed])
ours = np.frombuffer(base64.b64decode(data["regions"]), np.int32).reshape(h, w)
truth = bits(data["truth"], (h, w))
table = np.zeros((ours.max() + 1, 30), int)
np.add.at(table, (ours.ravel(), truth.ravel()), 1)
split = sum(ndimage.label(ours == i)[1] != 1 for i in np.unique(ours))
c = rgba[..., :3] / 255
c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
xyz = c @ np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]).T / [0.95047, 1, 1.08883]
f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
theirs = np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)
lab_difference = np.abs(theirs - np.frombuffer(base64.b64decode(data["lab"]), np.float32).reshape(h, w, 3)).max()
print(json.dumps(dict(masks=results, achievable=table.max(1).sum() / truth.size, count=len(np.unique(ours)), split=int(split), lab=float(lab_difference))))
`;

describe.skipIf(peerPython() === undefined)("against SciPy (skipped without the Python peers)", () => {
  it("shapes masks, floods colours and divides pictures as they do", { timeout: 120_000 }, async () => {
    const random = seededRandom(5, "shaping");
    const side = 120;
    const blobs = Array.from({ length: 40 }, () => [
      random.integer(side),
      random.integer(side),
      1 + random.integer(9),
    ]);
    const mask = Uint8Array.from({ length: side * side }, (_, pixel) => {
      const [column, row] = [pixel % side, Math.floor(pixel / side)];
      const inside = blobs.some(
        ([x = 0, y = 0, r = 0], index) => index % 4 !== 0 && (column - x) ** 2 + (row - y) ** 2 <= r * r,
      );
      const cut = blobs.some(
        ([x = 0, y = 0, r = 0], index) => index % 4 === 0 && (column - x) ** 2 + (row - y) ** 2 <= r * r,
      );
      return (inside && !cut) || random.integer(60) === 0 ? 1 : 0;
    });
    const [width, height] = [300, 220];
    const { rgba, truth } = fields(width, height);
    const started = performance.now();
    const { regions, count } = superpixels({ width, height, rgba, regionSize: 15, compactness: 10 });
    expect(performance.now() - started).toBeLessThan(5000);
    const seed = [100, 140] as const;
    const base64 = (array: Uint8Array | Int32Array | Float32Array): string =>
      Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");
    const radii = [1, 2, 5];
    const tolerances = [4, 12, 25];
    const folder = await mkdtemp(path.join(tmpdir(), "orthomask-regions-"));
    try {
      const file = path.join(folder, "given.json");
      const given = {
        side,
        mask: base64(mask),
        radii,
        least: 12,
        picture: { width, height, rgba: base64(rgba) },
        truth: base64(truth),
        seed,
        tolerances,
        regions: base64(regions),
        lab: base64(labOf(rgba)),
      };
      await writeFile(file, JSON.stringify(given));
      const theirs = z
        .object({
          masks: z.record(z.string(), z.string()),
          /** The share of pixels that are right when every superpixel takes its most frequent class. */
          achievable: z.number(),
          count: z.number(),
          split: z.number(),
          lab: z.number(),
        })
        .parse(await runPeer(script, [file]));
      const color = colorAt(rgba, seed[0] * width + seed[1]) ?? [0, 0, 0];
      const flooded = (tolerance: number): Uint8Array => {
        const result = new Uint8Array(width * height);
        floodFill(result, width, colorMembers(rgba, color, tolerance), [seed[0] * width + seed[1]]);
        return result;
      };
      const ours: Record<string, Uint8Array> = {
        holes: fillHoles(mask, side),
        specks: removeSpecks(mask, side, 12),
        ...Object.fromEntries(
          radii.flatMap((radius) => [
            [`grow${radius}`, growMask(mask, side, radius)],
            [`shrink${radius}`, shrinkMask(mask, side, radius)],
            [`smooth${radius}`, smoothMask(mask, side, radius)],
          ]),
        ),
        ...Object.fromEntries(tolerances.map((tolerance) => [`flood${tolerance}`, flooded(tolerance)])),
      };
      expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs.masks).sort());
      const different = Object.entries(ours).filter(
        ([name, pixels]) => base64(pixels) !== theirs.masks[name],
      );
      expect(different.map(([name]) => name)).toEqual([]);
      expect(theirs.split).toBe(0);
      expect(theirs.count).toBe(count);
      expect(Math.abs(count - (width * height) / 15 ** 2) / count).toBeLessThan(0.3);
      expect(theirs.achievable).toBeGreaterThan(0.97);
      expect(theirs.lab).toBeLessThan(0.5);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
