import { fromFile } from "geotiff";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openRaster } from "../index.ts";

const folder = join(import.meta.dirname, "../../../fixtures/rasters");
const files = readdirSync(folder).filter((name) => name.endsWith(".tif"));

// Our directories are parsed by our own code (see directory.ts); geotiff.js says what they should be.
describe.each(files)("%s", (name) => {
  test("has the structure that geotiff.js reads", async () => {
    const raster = await openRaster(join(folder, name));
    const tiff = await fromFile(join(folder, name));
    try {
      const image = await tiff.getImage();
      const { description } = raster;
      expect([description.width, description.height]).toEqual([image.getWidth(), image.getHeight()]);
      expect(description.bands).toBe(image.getSamplesPerPixel());
      expect(description.nodata ?? null).toEqual(image.getGDALNoData());
      const keys = image.getGeoKeys();
      const code: unknown = keys?.ProjectedCSTypeGeoKey ?? keys?.GeographicTypeGeoKey;
      if (description.crs.kind === "epsg" && typeof code === "number" && code !== 32767) {
        expect(description.crs.code).toBe(code);
      }
      const { geotransform } = description;
      // geotiff.js gives origin and resolution of unrotated images only.
      if (geotransform !== null && geotransform[1] === 0 && geotransform[3] === 0) {
        const point = keys?.GTRasterTypeGeoKey === 2;
        const [a, , c, , e, f] = geotransform;
        expect(image.getResolution().slice(0, 2)).toEqual([a, e]);
        if (!point) {
          expect(image.getOrigin().slice(0, 2)).toEqual([c, f]);
        }
      }
    } finally {
      await raster.close();
      await tiff.close();
    }
  });
});
