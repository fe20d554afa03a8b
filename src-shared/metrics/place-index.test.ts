import { describe, expect, it } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../fixtures/peers.ts";
import { selectionOfWord } from "../command-line/command-lines.ts";
import { seededRandom } from "../training/seeded-random.ts";
import { PlaceFinder } from "./connected-places.ts";
import { isSelected } from "./evaluation-detail.ts";
import { placesOfIndex, PlaceIndexer } from "./place-index.ts";

const CLASS_IDS = [0, 3, 7, 200];
/** Also ids that are no class, and 255. */
const IDS = [...CLASS_IDS, 9, 255];
const [WIDTH, HEIGHT] = [61, 83];

/** Patches of a few pixels, so that places are larger than one. */
function drawn(seed: string): Uint8Array {
  const random = seededRandom(5, seed);
  const ids = new Uint8Array(WIDTH * HEIGHT);
  for (let at = 0; at < ids.length; at++) {
    const from = random.next() < 0.35 && at >= WIDTH ? ids[at - WIDTH] : ids[Math.max(0, at - 1)];
    ids[at] = random.next() < 0.7 && from !== undefined ? from : IDS[random.integer(IDS.length)]!;
  }
  return ids;
}

const truth = drawn("truth");
const others = drawn("prediction");
const prediction = truth.map((id, at) => (at % 5 < 2 ? (others[at] ?? id) : id));

function indexOf(most: number) {
  const indexer = new PlaceIndexer(CLASS_IDS, most);
  for (let y = 0; y < HEIGHT; y += 17) {
    const rows = [y * WIDTH, Math.min(HEIGHT, y + 17) * WIDTH] as const;
    indexer.addRows(truth.subarray(...rows), prediction.subarray(...rows), WIDTH);
  }
  return indexer.finish();
}

const words = [
  "errors",
  ...CLASS_IDS.flatMap((id) => [`${id}:`, `:${id}`, ...CLASS_IDS.map((other) => `${id}:${other}`)]),
];

describe("PlaceIndexer", () => {
  it("finds for every choice what looking for it alone finds", () => {
    const index = indexOf(10_000);
    for (const word of words) {
      const selection = selectionOfWord(word)!;
      const finder = new PlaceFinder(10_000);
      finder.addRows(
        truth.map((trueId, at) => {
          const predictedId = prediction[at]!;
          const isCompared = CLASS_IDS.includes(trueId) && CLASS_IDS.includes(predictedId);
          return isCompared && isSelected(selection, trueId, predictedId) ? 1 : 0;
        }),
        WIDTH,
      );
      expect([word, placesOfIndex(index, selection, 10_000)]).toEqual([word, finder.finish()]);
    }
  });

  it("answers no more places than it keeps, unless there are no more", () => {
    const selection = { kind: "errors" } as const;
    const all = placesOfIndex(indexOf(10_000), selection, 5)!;
    expect(placesOfIndex(indexOf(5), selection, 5)).toEqual({ ...all, largest: all.largest.slice(0, 5) });
    expect(placesOfIndex(indexOf(5), selection, 6)).toBeNull();
    const none = { kind: "cell", truthId: 9, predictionId: 3 } as const;
    expect(placesOfIndex(indexOf(5), none, 6)).toEqual({ largest: [], places: 0, pixels: 0 });
  });
});

const script = `
import base64, json, sys
import numpy as np
from scipy import ndimage
shape, ids, words = json.loads(sys.argv[3])
truth, said = (np.frombuffer(base64.b64decode(each), np.uint8).reshape(shape) for each in sys.argv[1:3])
counted = np.isin(truth, ids) & np.isin(said, ids)
found = {}
for word in words:
    if word == "errors":
        chosen = truth != said
    else:
        true_id, said_id = word.split(":")
        if true_id and said_id:
            chosen = (truth == int(true_id)) & (said == int(said_id))
        elif true_id:
            chosen = (truth == int(true_id)) & (said != int(true_id))
        else:
            chosen = (said == int(said_id)) & (truth != int(said_id))
    labels, count = ndimage.label(chosen & counted, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    found[word] = sorted(
        [int(n), b[1].start, b[0].start, b[1].stop - b[1].start, b[0].stop - b[0].start]
        for n, b in zip(sizes, ndimage.find_objects(labels))
    )
print(json.dumps(found))
`;

describe.skipIf(peerPython() === undefined)("against scipy (skipped without the Python peers)", () => {
  it("finds the same places of every cell, every class's errors of both kinds, and all errors", async () => {
    const coded = [truth, prediction].map((ids) => Buffer.from(ids).toString("base64"));
    const peer = z
      .record(z.string(), z.array(z.array(z.number())))
      .parse(await runPeer(script, [...coded, JSON.stringify([[HEIGHT, WIDTH], CLASS_IDS, words])]));
    const index = indexOf(10_000);
    for (const word of words) {
      const { largest, places } = placesOfIndex(index, selectionOfWord(word)!, 10_000)!;
      const theirs = peer[word] ?? [];
      expect([word, places]).toEqual([word, theirs.length]);
      const inOrder = (rows: readonly number[][]): string[] => rows.map((row) => row.join()).toSorted();
      const ours = largest.map(({ pixels, pixelWindow: { x, y, width, height } }) => [
        pixels,
        x,
        y,
        width,
        height,
      ]);
      expect(inOrder(ours)).toEqual(inOrder(theirs));
    }
    expect(peer["errors"]?.length).toBeGreaterThan(20);
  });
});
