import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { createGeoTiffWriter, crsFromEpsg, geoTagsFor } from "../../raster/index.ts";
import { mergeMaskFiles } from "./merge-files.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-reprojection-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const warpScript = `
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, rasterio
from rasterio.warp import reproject, Resampling
merged, source = sys.argv[1:3]
with rasterio.open(merged) as m, rasterio.open(source) as s:
    ours = m.read(1)
    theirs = np.full(ours.shape, 255, np.uint8)
    reproject(s.read(1), theirs, src_transform=s.transform, src_crs=s.crs, src_nodata=255, dst_transform=m.transform,
              dst_crs=m.crs, dst_nodata=255, resampling=Resampling.nearest, tolerance=0)
    labelled = (theirs != 255) | (ours != 255)
    print(json.dumps([float(np.mean(ours[labelled] == theirs[labelled])), int(labelled.sum())]))
`;

describe.skipIf(peerPython() === undefined)(
  "a mask carried to another CRS (skipped without the Python peers)",
  () => {
    it("is what GDAL's warper makes of it with the nearest pixel", { timeout: 60_000 }, async () => {
      // An unlabelled pixel in zone 33 gives the merged file its CRS; the mask lies in zone 34, turned by 6° or so against it.
      const seed = await createGeoTiffWriter(path.join(folder, "grid.tif"), {
        width: 1,
        height: 1,
        bands: 1,
        dtype: "uint8",
        nodata: 255,
        geoTags: geoTagsFor([2, 0, 741_000, 0, -2, 5_550_000], crsFromEpsg(32633)),
      });
      await seed.finish();
      const size = 700;
      const writer = await createGeoTiffWriter(path.join(folder, "mask.tif"), {
        width: size,
        height: size,
        bands: 1,
        dtype: "uint8",
        nodata: 255,
        tileSize: 704,
        geoTags: geoTagsFor([2, 0, 312_000, 0, -2, 5_550_000], crsFromEpsg(32634)),
      });
      const ids = Uint8Array.from({ length: size * size }, (_, at) => {
        const [x, y] = [at % size, Math.floor(at / size)];
        return Math.floor(2 + 2 * Math.sin(x / 9 + Math.sin(y / 17)) * Math.cos(y / 11));
      });
      await writer.writeTile(0, 0, ids);
      await writer.finish();
      const output = path.join(folder, "merged.tif");
      const masks = ["grid.tif", "mask.tif"].map((name) => path.join(folder, name));
      await mergeMaskFiles(masks, output, { rule: "last", version: "test" });
      const [same, pixels] = z
        .tuple([z.number(), z.number()])
        .parse(await runPeer(warpScript, [output, path.join(folder, "mask.tif")]));
      expect(pixels).toBeGreaterThan(size * size * 0.95);
      // Centres that fall on the border of two pixels may go either way.
      expect(same).toBeGreaterThan(0.999);
    });
  },
);
