import { describe, expect, it } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import type { Geotransform } from "#shared/geo/affine.ts";
import { pixelGroundArea } from "#shared/geo/ground-area.ts";
import { crsFromEpsg } from "./epsg.ts";
import { transformer, wgs84 } from "./transformer.ts";

interface Case {
  readonly epsg: number;
  readonly geotransform: Geotransform;
  readonly metersPerUnit: number | null;
}

const cases: readonly Case[] = [
  { epsg: 4326, geotransform: [0.001, 0, 21, 0, -0.001, 52], metersPerUnit: null },
  { epsg: 4326, geotransform: [0.001, 0, 179.9995, 0, -0.001, -70], metersPerUnit: null },
  { epsg: 3857, geotransform: [10, 0, 2_300_000, 0, -10, 8_399_738], metersPerUnit: 1 },
  { epsg: 2263, geotransform: [8, 6, 980_000, 6, -8, 200_000], metersPerUnit: 1200 / 3937 },
];

function ours({ epsg, geotransform, metersPerUnit }: Case): number {
  const toGround = transformer(crsFromEpsg(epsg), wgs84);
  const area = pixelGroundArea(
    { geotransform, metersPerUnit, toLongitudeLatitude: (position) => toGround?.forward(position) ?? null },
    [0, 0],
  );
  return area ?? NaN;
}

const script = `
import json, sys
from pyproj import Geod, Transformer
answers = []
for case in json.loads(sys.argv[1]):
    a, b, c, d, e, f = case["geotransform"]
    to = Transformer.from_crs(case["epsg"], 4326, always_xy=True)
    ring = [to.transform(a * x + b * y + c, d * x + e * y + f) for x, y in [(0, 0), (1, 0), (1, 1), (0, 1)]]
    answers.append(abs(Geod(ellps="WGS84").polygon_area_perimeter(*zip(*ring))[0]))
print(json.dumps(answers))
`;

describe("pixelGroundArea", () => {
  it.skipIf(peerPython() === undefined)(
    "is PROJ's geodesic area, across the antimeridian, turned and in feet (skipped without the Python peers)",
    async () => {
      const peer = z.array(z.number()).parse(await runPeer(script, [JSON.stringify(cases)]));
      for (const [index, item] of cases.entries()) {
        // Feet are taken from the plane, whose scale is within 1e-4 of the ground's there.
        expect(ours(item) / (peer[index] ?? NaN)).toBeCloseTo(1, item.epsg === 2263 ? 3 : 4);
      }
    },
  );

  it("is the plane's own in UTM, and nothing without a place on Earth", () => {
    expect(ours({ epsg: 32640, geotransform: [0.5, 0, 330_000, 0, -0.5, 2_774_000], metersPerUnit: 1 })).toBe(
      0.25,
    );
    const nowhere = { geotransform: [1, 0, 0, 0, -1, 0] as const, toLongitudeLatitude: () => null };
    expect(pixelGroundArea({ ...nowhere, metersPerUnit: null }, [0, 0])).toBeNull();
  });
});
