import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../fixtures/peers.ts";
import { seededRandom } from "../training/seeded-random.ts";
import type { LabelShape, PixelPoint } from "./label-edit.ts";
import { paintableIds, paintPixels } from "./paint-pixels.ts";
import { rasterizeShape, shapeWindow } from "./rasterize-shape.ts";
import { encodeRuns, visitRuns } from "./runs.ts";

/** A small mask as it is drawn: # inside. */
function drawn(mask: Uint8Array, width: number): string[] {
  return Array.from({ length: mask.length / width }, (_, row) =>
    [...mask.subarray(row * width, (row + 1) * width)].map((pixel) => (pixel === 1 ? "#" : ".")).join(""),
  );
}

function draw(shape: LabelShape, width: number, height: number): string[] {
  return drawn(rasterizeShape(shape, { x: 0, y: 0, width, height }), width);
}

const stroke = (tip: "round" | "square", radius: number, ...points: PixelPoint[]): LabelShape => ({
  kind: "stroke",
  tip,
  radius,
  points,
});

describe("shapes on small grids", () => {
  it("draws dabs and lines of both tips", () => {
    expect(draw(stroke("round", 1.5, [2.5, 2.5]), 5, 5)).toEqual([
      ".....",
      ".###.",
      ".###.",
      ".###.",
      ".....",
    ]);
    expect(draw(stroke("round", 2.2, [2.5, 2.5]), 5, 5)).toEqual([
      "..#..",
      ".###.",
      "#####",
      ".###.",
      "..#..",
    ]);
    expect(draw(stroke("square", 1, [2, 2]), 4, 4)).toEqual(["....", ".##.", ".##.", "...."]);
    expect(draw(stroke("round", 0.5, [0.5, 0.5], [4.5, 0.5]), 5, 2)).toEqual(["#####", "....."]);
    expect(draw(stroke("square", 0.5, [0.5, 0.5], [3.5, 3.5]), 4, 4)).toEqual([
      "##..",
      "###.",
      ".###",
      "..##",
    ]);
  });

  it("draws polygons with holes, open or closed, and nothing of a line", () => {
    const ring: PixelPoint[] = [
      [0, 0],
      [6, 0],
      [6, 6],
      [0, 6],
    ];
    const hole: PixelPoint[] = [
      [2, 2],
      [2, 4],
      [4, 4],
      [4, 2],
    ];
    const expected = ["######", "######", "##..##", "##..##", "######", "######"];
    expect(draw({ kind: "polygon", rings: [ring, hole] }, 6, 6)).toEqual(expected);
    expect(draw({ kind: "polygon", rings: [[...ring, [0, 0]], hole] }, 6, 6)).toEqual(expected);
    expect(
      draw(
        {
          kind: "polygon",
          rings: [
            [
              [0, 0],
              [5, 5],
              [0, 0],
            ],
          ],
        },
        4,
        1,
      ),
    ).toEqual(["...."]);
  });

  it("paints a bitmap into any window", () => {
    const mask = Uint8Array.of(1, 0, 1, 1, 0, 1);
    const shape: LabelShape = {
      kind: "bitmap",
      pixelWindow: { x: 1, y: 1, width: 3, height: 2 },
      runs: encodeRuns(mask),
    };
    expect(draw(shape, 5, 4)).toEqual([".....", ".#.#.", ".#.#.", "....."]);
    expect(drawn(rasterizeShape(shape, { x: 3, y: 1, width: 2, height: 2 }), 2)).toEqual(["#.", "#."]);
  });

  it("is the same however a mosaic is cut into windows", () => {
    const random = seededRandom(7, "windows");
    const point = (): PixelPoint => [random.next() * 120 - 10, random.next() * 120 - 10];
    const bitmap = Uint8Array.from({ length: 90 * 70 }, () => random.integer(2));
    const shapes: LabelShape[] = [
      stroke("round", 7.3, point(), point(), point()),
      stroke("square", 5.1, point(), point(), point()),
      { kind: "polygon", rings: [[point(), point(), point(), point(), point()]] },
      { kind: "bitmap", pixelWindow: { x: -5, y: 8, width: 90, height: 70 }, runs: encodeRuns(bitmap) },
    ];
    for (const shape of shapes) {
      const whole = rasterizeShape(shape, { x: 0, y: 0, width: 100, height: 100 });
      const around = shapeWindow(shape) ?? { x: 0, y: 0, width: 0, height: 0 };
      for (let y = 0; y < 100; y += 17) {
        for (let x = 0; x < 100; x += 23) {
          const window = { x, y, width: Math.min(23, 100 - x), height: Math.min(17, 100 - y) };
          const part = rasterizeShape(shape, window);
          for (const [index, pixel] of part.entries()) {
            const [column, row] = [x + (index % window.width), y + Math.floor(index / window.width)];
            expect(pixel).toBe(whole[row * 100 + column]);
            const isAround =
              column >= around.x &&
              row >= around.y &&
              column < around.x + around.width &&
              row < around.y + around.height;
            expect(pixel === 1 && !isAround).toBe(false);
          }
        }
      }
    }
  });
});

describe("runs", () => {
  it("give back any mask, and refuse what doesn't fit", () => {
    const random = seededRandom(2, "runs");
    for (const share of [0, 0.01, 0.5, 1]) {
      const mask = Uint8Array.from({ length: 1000 }, () => (random.next() < share ? 1 : 0));
      const back = new Uint8Array(1000);
      visitRuns(encodeRuns(mask), 1000, (start, end) => back.fill(1, start, end));
      expect(back).toEqual(mask);
    }
    for (const runs of [[3, 99], [5], [200], []]) {
      expect(() => {
        visitRuns(Uint8Array.from(runs), 10, () => undefined);
      }).toThrow(RangeError);
    }
  });
});

it("paints only what the rules allow", () => {
  const mask = Uint8Array.of(1, 1, 1, 0);
  const ids = Uint8Array.of(1, 2, 255, 2);
  expect(paintPixels(ids, mask, 7, paintableIds({ lockedIds: [2], onlyUnlabelled: false }))).toBe(2);
  expect([...ids]).toEqual([7, 2, 7, 2]);
  const others = Uint8Array.of(1, 2, 255, 2);
  expect(paintPixels(others, mask, 7, paintableIds({ lockedIds: [], onlyUnlabelled: true }))).toBe(1);
  expect([...others]).toEqual([1, 2, 7, 2]);
});

/** Polygons burned by GDAL; strokes as the pixels whose centre shapely finds within a buffer of the path. */
const script = `
import sys, json, base64
import numpy as np
from rasterio.features import rasterize
from shapely.geometry import LineString, Point, Polygon, MultiPoint, box
import shapely
side = 80
cases = json.load(open(sys.argv[1]))
out = []
ys, xs = np.mgrid[0:side, 0:side] + 0.5
for case in cases:
    if case["kind"] == "polygon":
        rings = case["rings"]
        geometry = {"type": "Polygon", "coordinates": [r + [r[0]] for r in rings]}
        mask = rasterize([(geometry, 1)], out_shape=(side, side), fill=0, dtype="uint8", all_touched=False)
    else:
        mask = np.zeros((side, side), bool)
        points = case["points"]
        if len(points) == 1: points = points * 2
        r = case["radius"]
        for a, b in zip(points, points[1:]):
            if case["tip"] == "round":
                line = Point(a) if a == b else LineString([a, b])
                mask |= shapely.distance(line, shapely.points(xs, ys)) <= r
            else:
                hull = MultiPoint([(p[0] + i, p[1] + j) for p in (a, b) for i in (-r, r) for j in (-r, r)]).convex_hull
                mask |= shapely.intersects_xy(hull, xs, ys)
        mask = mask.astype("uint8")
    out.append(base64.b64encode(mask.tobytes()).decode())
print(json.dumps(out))
`;

describe.skipIf(peerPython() === undefined)(
  "against GDAL and shapely (skipped without the Python peers)",
  () => {
    it("burns 400 polygons and strokes pixel for pixel", { timeout: 120_000 }, async () => {
      const random = seededRandom(23, "burn");
      const point = (): PixelPoint => [random.next() * 110 - 15, random.next() * 110 - 15];
      const snapped = (): PixelPoint => [random.integer(161) / 2, random.integer(161) / 2];
      const list = (make: () => PixelPoint, least: number): PixelPoint[] =>
        Array.from({ length: least + random.integer(8) }, make);
      const shapes: LabelShape[] = Array.from({ length: 400 }, (_, index): LabelShape => {
        switch (index % 4) {
          case 0:
            return { kind: "polygon", rings: [list(point, 3), ...(index % 8 === 0 ? [list(point, 3)] : [])] };
          case 1:
            return { kind: "polygon", rings: [list(snapped, 3)] };
          case 2:
            return stroke("round", 0.5 + random.next() * 12, ...list(point, 1));
          default:
            return stroke("square", 0.5 + random.next() * 12, ...list(point, 1));
        }
      });
      const folder = await mkdtemp(path.join(tmpdir(), "orthomask-burn-"));
      try {
        const file = path.join(folder, "cases.json");
        await writeFile(file, JSON.stringify(shapes));
        const masks = z.array(z.string()).parse(await runPeer(script, [file]));
        const different = shapes.filter((shape, index) => {
          const theirs = Buffer.from(masks[index] ?? "", "base64");
          const ours = rasterizeShape(shape, { x: 0, y: 0, width: 80, height: 80 });
          return Buffer.compare(theirs, ours) !== 0;
        });
        expect(different.slice(0, 3)).toEqual([]);
        expect(different.length).toBe(0);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  },
);
