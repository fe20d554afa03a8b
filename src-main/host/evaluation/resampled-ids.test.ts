import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { createGeoTiffWriter, crsFromEpsg, geoTagsFor, openRaster, type Raster } from "../../raster/index.ts";
import { resampledIds } from "./resampled-ids.ts";

it("a mask far finer than the grid is read in steps, and gives the ids of the nearest pixels", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "orthomask-resampled-"));
  try {
    const side = 4608;
    const file = path.join(folder, "mask.tif");
    const crs = crsFromEpsg(32633);
    const idAt = (x: number, y: number): number =>
      (((x & 511) >> 3) + ((y & 511) >> 4) * 3 + (x >> 9) + (y >> 9) * 2) % 7;
    const tiles = [0, 1, 2, 3, 4, 5, 6].map((more) =>
      Uint8Array.from({ length: 512 * 512 }, (_, at) => (idAt(at & 511, at >> 9) + more) % 7),
    );
    const writer = await createGeoTiffWriter(file, {
      ...{ width: side, height: side, bands: 1, dtype: "uint8", nodata: 255 },
      geoTags: geoTagsFor([0.1, 0, 500_000, 0, -0.1, 5_400_000], crs),
    });
    for (let row = 0; row < writer.tilesDown; row += 1) {
      for (let column = 0; column < writer.tilesAcross; column += 1) {
        await writer.writeTile(column, row, tiles[(column + row * 2) % 7]!);
      }
    }
    await writer.finish();

    const opened = await openRaster(file);
    let largest = 0;
    const mask: Raster = {
      filePath: opened.filePath,
      description: opened.description,
      geoTags: opened.geoTags,
      metadata: opened.metadata,
      readWindow: (request, options) => {
        largest = Math.max(largest, request.pixelWindow.width * request.pixelWindow.height);
        return opened.readWindow(request, options);
      },
      close: () => opened.close(),
    };
    // Begins two pixels to the left of the mask, and ends beside it.
    const read = resampledIds(
      mask,
      { width: 60, height: 50, geotransform: [10, 0, 499_980, 0, -10, 5_400_000], crs },
      { names: ["mask", "truth"] },
    );
    const ids = await read({ x: 0, y: 0, width: 60, height: 50 });
    await opened.close();
    const expected = Uint8Array.from({ length: 60 * 50 }, (_, at) => {
      const [x, y] = [((at % 60) - 2) * 100 + 50, Math.floor(at / 60) * 100 + 50];
      return x >= 0 && x < side && y < side ? idAt(x, y) : 255;
    });
    expect(Buffer.compare(ids, expected)).toBe(0);
    expect(largest).toBeLessThanOrEqual(2 ** 24);
    expect(largest).toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
