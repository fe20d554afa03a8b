import { describe, expect, it } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../fixtures/peers.ts";
import { seededRandom } from "../training/seeded-random.ts";
import { PlaceFinder, type PlacesFound } from "./connected-places.ts";

/** Places in a mask drawn as a little grid, `#` chosen. */
function found(rows: readonly string[], most = 10): PlacesFound {
  const finder = new PlaceFinder(most);
  for (const row of rows) {
    finder.addRows(
      Uint8Array.from(row, (letter) => (letter === "#" ? 1 : 0)),
      row.length,
    );
  }
  return finder.finish();
}

describe("PlaceFinder", () => {
  it("joins what touches, by corners too, and what meets only further down", () => {
    expect(found(["#...#", ".#.#.", "..#..", ".....", "##..."])).toEqual({
      largest: [
        { pixelWindow: { x: 0, y: 0, width: 5, height: 3 }, pixels: 5, anchor: [0.5, 0.5] },
        { pixelWindow: { x: 0, y: 4, width: 2, height: 1 }, pixels: 2, anchor: [0.5, 4.5] },
      ],
      places: 2,
      pixels: 7,
    });
  });

  it("stands inside a ring's stroke, not in its hole", () => {
    const ring = found(["####", "#..#", "#..#", "####"]);
    expect(ring.largest).toEqual([
      { pixelWindow: { x: 0, y: 0, width: 4, height: 4 }, pixels: 12, anchor: [1.5, 0.5] },
    ]);
  });

  it("keeps the largest only, but counts all", () => {
    const { largest, places, pixels } = found(["#.##.###.####", ".............", "#.#.#.#.#.#.#"], 2);
    expect(largest.map((place) => place.pixels)).toEqual([4, 3]);
    expect(places).toBe(4 + 7);
    expect(pixels).toBe(10 + 7);
  });
});

const script = `
import base64, json, sys
import numpy as np
from scipy import ndimage
height, width = int(sys.argv[2]), int(sys.argv[3])
chosen = np.frombuffer(base64.b64decode(sys.argv[1]), np.uint8).reshape(height, width)
labels, count = ndimage.label(chosen, structure=np.ones((3, 3)))
sizes = np.bincount(labels.ravel())[1:]
boxes = ndimage.find_objects(labels)
print(json.dumps([[int(n), b[1].start, b[0].start, b[1].stop - b[1].start, b[0].stop - b[0].start] for n, b in zip(sizes, boxes)]))
`;

describe.skipIf(peerPython() === undefined)("against scipy (skipped without the Python peers)", () => {
  it.each([0.2, 0.4, 0.6])("finds the same areas at density %d", async (density) => {
    const random = seededRandom(3, "places", density);
    const [width, height] = [97, 131];
    const chosen = Uint8Array.from({ length: width * height }, () => (random.next() < density ? 1 : 0));
    const finder = new PlaceFinder(10_000);
    for (let y = 0; y < height; y += 13) {
      finder.addRows(chosen.subarray(y * width, Math.min(height, y + 13) * width), width);
    }
    const { largest, places } = finder.finish();
    const peer = z
      .array(z.array(z.number()))
      .parse(await runPeer(script, [Buffer.from(chosen).toString("base64"), String(height), String(width)]));
    const ours = largest.map(({ pixels, pixelWindow: { x, y, width: w, height: h } }) => [
      pixels,
      x,
      y,
      w,
      h,
    ]);
    const inOrder = (rows: readonly number[][]): string[] => rows.map((row) => row.join()).toSorted();
    expect(places).toBe(peer.length);
    expect(inOrder(ours)).toEqual(inOrder(peer));
    for (const { anchor } of largest) {
      expect(chosen[Math.floor(anchor[1]) * width + Math.floor(anchor[0])]).toBe(1);
    }
  });
});
