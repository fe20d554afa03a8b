import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { limitsBetween, quantileAt } from "#shared/project/imagery-display.ts";
import { peerPython, runPeer } from "../../fixtures/peers.ts";
import { openRaster, sampleStatistics } from "./index.ts";
import { sampledWindows, statisticsOf } from "./statistics.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/rasters");

test("quantiles are those of the values, and limits leave two per cent out at each end", () => {
  const hundred = statisticsOf(Float64Array.from({ length: 101 }, (_, index) => 100 - index));
  expect(limitsBetween(hundred, 2, 98)).toEqual({ low: 2, high: 98 });
  expect(hundred?.mean).toBe(50);
  expect(hundred?.sampledPixels).toBe(101);
  expect(statisticsOf(new Float64Array(0))).toBeNull();
  expect(limitsBetween(null, 2, 98)).toEqual({ low: 0, high: 1 });
  expect(limitsBetween(statisticsOf(Float64Array.of(5, 5, 5)), 2, 98)).toEqual({ low: 5, high: 6 });
});

test("one hot pixel doesn't squeeze the histogram", () => {
  const values = Float64Array.from({ length: 10_000 }, (_, index) => index % 500);
  values[77] = 65_535;
  const { histogram } = statisticsOf(values) ?? expect.unreachable();
  expect(histogram.high).toBeLessThan(600);
  expect(histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(10_000);
  expect(histogram.counts.filter((count) => count > 0).length).toBeGreaterThan(100);
});

test("the sample is spread over the raster and doesn't grow with it", () => {
  for (const blockSize of [
    [256, 256],
    [60_000, 1],
    [512, 512],
  ] as const) {
    const windows = sampledWindows({
      width: 60_000,
      height: 60_000,
      overviews: [],
      blockSize: [...blockSize],
    });
    const pixels = windows.reduce((sum, { outputSize }) => sum + outputSize.width * outputSize.height, 0);
    expect(windows.length).toBeLessThanOrEqual(25);
    expect(pixels).toBeLessThanOrEqual(512 * 512);
    expect(pixels).toBeGreaterThan(100_000);
    expect(Math.min(...windows.map(({ pixelWindow }) => pixelWindow.y))).toBeLessThan(10_000);
    expect(Math.max(...windows.map(({ pixelWindow }) => pixelWindow.y))).toBeGreaterThan(50_000);
  }
  expect(
    sampledWindows({ width: 60_000, height: 60_000, overviews: [2, 32], blockSize: [256, 256] }),
  ).toHaveLength(1);
});

test.skipIf(peerPython() === undefined)("quantiles agree with numpy's on what rasterio reads", async () => {
  const folder = await mkdtemp(join(tmpdir(), "orthomask-statistics-"));
  try {
    const path = join(folder, "dark.tif");
    const theirs = z.array(z.number()).parse(
      await runPeer(
        `
import sys, json, numpy, rasterio
random = numpy.random.default_rng(3)
data = random.gamma(4.0, 60.0, (1, 3000, 2600)).astype("uint16")
data[0, :40] = 0
with rasterio.open(sys.argv[1], "w", driver="GTiff", width=2600, height=3000, count=1, dtype="uint16", nodata=0, tiled=True, compress="deflate") as target:
    target.write(data)
with rasterio.open(sys.argv[1]) as source:
    values = source.read(1, masked=True).compressed()
print(json.dumps([float(v) for v in numpy.percentile(values, [2, 50, 98])]))
`,
        [path],
      ),
    );
    const raster = await openRaster(path);
    const [statistics] = await sampleStatistics(raster, [0]);
    await raster.close();
    for (const [index, percent] of [2, 50, 98].entries()) {
      const value = quantileAt(statistics ?? expect.unreachable(), percent);
      expect(Math.abs(value - (theirs[index] ?? 0))).toBeLessThan(0.02 * (theirs[2] ?? 0));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("nodata doesn't count", async () => {
  const floats = await openRaster(join(fixtures, "nodata-nan.tif"));
  const [statistics] = await sampleStatistics(floats, [0]);
  expect(statistics?.quantiles[0]).toBeGreaterThanOrEqual(0);
  expect(statistics?.quantiles.at(-1)).toBeLessThanOrEqual(2000);
  await floats.close();
});
