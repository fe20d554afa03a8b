import { expect, it } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../fixtures/peers.ts";
import { seededRandom } from "#shared/training/seeded-random.ts";
import { theilSen } from "./trend.ts";
import { judge } from "./verdict.ts";

const random = seededRandom(3, "trend");
/** Whole numbers, so that there are ties, as with counted handles. */
const measured = Array.from(
  { length: 60 },
  (_, index) => [index * 7 + random.integer(3), Math.round(40 + 0.02 * index + random.next() * 6)] as const,
);

it.skipIf(peerPython() === undefined)("finds the slope and interval that SciPy finds", async () => {
  const script = `
import json
from scipy.stats import theilslopes
points = json.loads(${JSON.stringify(JSON.stringify(measured))})
found = theilslopes([y for _, y in points], [x for x, _ in points], 0.95)
print(json.dumps([float(found[0]), float(found[2]), float(found[3])]))`;
  const [slope, lowest, highest] = z.tuple([z.number(), z.number(), z.number()]).parse(await runPeer(script));
  const own = theilSen(measured);
  expect(own.slope).toBeCloseTo(slope, 12);
  expect(own.lowest).toBeCloseTo(lowest, 12);
  expect(own.highest).toBeCloseTo(highest, 12);
});

/** Rounds of ten seconds over an hour: noise of a few megabytes, and a leak of so many a round after so many rounds. */
function memory(leak: number, noise: number): (readonly [number, number])[] {
  const own = seededRandom(5, "memory");
  return Array.from({ length: 360 }, (_, index) => [
    index * 10,
    300 + (index < 60 ? index * 3 : 180) + leak * index + own.next() * noise,
  ]);
}

const quantity = { name: "memory", unit: "MB", leastGrowth: 16 } as const;

it("calls memory flat that only fills at the beginning, and growing that leaks a little each round", () => {
  expect(judge({ ...quantity, points: memory(0, 20) }).kind).toBe("flat");
  expect(judge({ ...quantity, points: memory(0.2, 20) }).kind).toBe("grows");
});

it("doesn't decide where it can't: with few rounds, or much noise", () => {
  expect(judge({ ...quantity, points: memory(0.2, 20).slice(0, 9) }).kind).toBe("undecided");
  expect(judge({ ...quantity, points: memory(0.1, 400) }).kind).toBe("undecided");
});
