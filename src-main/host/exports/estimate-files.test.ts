import { expect, test } from "vitest";
import { pixelGeotransform } from "#shared/geo/affine.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import { tracePolygons } from "../../raster/index.ts";
import { rowsOf, type ClassSource } from "./class-source.ts";
import { estimateFiles } from "./estimate-files.ts";

const SIDE = 1024;
const layer = { geotransform: pixelGeotransform, crs: { kind: "none" } } as const;
const image = { width: SIDE, height: SIDE, ...layer };

function sourceOf(idAt: (x: number, y: number) => number): ClassSource {
  return {
    width: SIDE,
    height: SIDE,
    readIds: ({ x, y, width, height }) =>
      Promise.resolve(
        Uint8Array.from({ length: width * height }, (_, at) =>
          idAt(x + (at % width), y + Math.floor(at / width)),
        ),
      ),
    readConfidence: () => Promise.resolve(null),
  };
}

async function estimated(sources: Readonly<Record<string, ClassSource>>): Promise<(number | null)[]> {
  const files = Object.keys(sources).map((id) => ({
    mosaics: [{ id, name: id, image } as unknown as ReadyMosaic],
    content: "polygons" as const,
    fileName: `${id}.gpkg`,
  }));
  const options = { vector: { format: "gpkg", simplifyMeters: 0, minAreaSquareMeters: 0 } } as const;
  const planned = await estimateFiles(files, (id) => Promise.resolve(sources[id] as ClassSource), options, {
    // However busy the machine is.
    longEnoughMilliseconds: Infinity,
  });
  return planned.map(({ estimatedFeatures }) => estimatedFeatures);
}

function traced(source: ClassSource): Promise<number> {
  return tracePolygons(rowsOf(source), layer, { withoutClass: [255] }, () => undefined);
}

const speck = (x: number, y: number): number => (Math.imul(x * SIDE + y, 0x9e3779b1) >>> 30) % 3;

test.each([
  [
    "specks away from the middle and the corners",
    (x: number, y: number) => (x > 600 && y < 500 ? speck(x, y) : 0),
  ],
  ["squares of 24 pixels", (x: number, y: number) => (Math.floor(x / 24) + Math.floor(y / 24)) % 2],
])("%s are counted to a third", async (_, idAt) => {
  const source = sourceOf(idAt);
  const [polygons] = await estimated({ source });
  const all = await traced(source);
  expect(polygons).toBeGreaterThan((all * 2) / 3);
  expect(polygons).toBeLessThan((all * 4) / 3);
});

test("a few large regions stay few", async () => {
  const [polygons] = await estimated({ source: sourceOf((x, y) => (x < 500 ? 0 : y < 300 ? 1 : 2)) });
  expect(polygons).toBeLessThan(50);
});
