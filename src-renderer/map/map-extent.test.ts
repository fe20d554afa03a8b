import { createEmpty } from "ol/extent.js";
import View from "ol/View.js";
import { describe, expect, test } from "vitest";
import type { Geotransform } from "#shared/geo/affine.ts";
import type { MapProjection, ReadyMosaic } from "#shared/project/mosaic.ts";
import { openingExtent, resolutionLimits, wholeExtent } from "./map-extent.ts";
import { MosaicScene } from "./mosaic-scene.ts";
import { mapProjection } from "./projections.ts";

const mercator: MapProjection = {
  code: "EPSG:3857",
  name: "WGS 84 / Pseudo-Mercator",
  proj4:
    "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +no_defs",
  units: "metre",
};

function mosaic(id: string, geotransform: Geotransform): ReadyMosaic {
  return {
    kind: "ready",
    id,
    name: id,
    fileName: `${id}.tif`,
    image: {
      format: "GeoTIFF",
      width: 500,
      height: 500,
      bands: 3,
      dtype: "uint8",
      bitsPerSample: 8,
      crs: { kind: "none" },
      geotransform: null,
      nodata: null,
      blockSize: [256, 256],
      compression: "none",
      interleave: "pixel",
      photometric: "RGB",
      overviews: [],
      colorTable: null,
      bandNames: [],
      categoryNames: null,
      alphaBand: null,
      hasMaskBand: false,
      warnings: [],
    },
    placement: { projection: mercator, geotransform },
    mask: { kind: "none" },
  };
}

/** Two mosaics of 5 km, 1000 km apart. */
function scene(): MosaicScene {
  const made = new MosaicScene(mercator, 1);
  made.update([mosaic("west", [10, 0, 0, 0, -10, 0]), mosaic("east", [10, 0, 1_000_000, 0, -10, 0])]);
  return made;
}

const size = [1000, 800] as const;
const none = (): boolean => false;

describe("what is shown of mosaics far apart", () => {
  test("a project opens with the first", () => {
    expect(openingExtent(scene(), none, size)).toEqual([0, -5000, 5000, 0]);
  });

  test("and, when that is hidden, with the next", () => {
    expect(openingExtent(scene(), (id) => id === "west", size)).toEqual([1_000_000, -5000, 1_005_000, 0]);
  });

  test("all means all, dots as they are", () => {
    expect(wholeExtent(scene(), none)).toEqual([0, -5000, 1_005_000, 0]);
  });
});

describe("how far out the map goes", () => {
  test("at least twice and at most four times the mosaics' extent", () => {
    const { maxResolution } = resolutionLimits(mercator, wholeExtent(scene(), none), size, 0);
    expect(maxResolution * 1000).toBeGreaterThanOrEqual(2 * 1_005_000);
    expect(maxResolution * 1000).toBeLessThan(4 * 1_005_000);
  });

  test("where a project was left can be reached again", () => {
    expect(resolutionLimits(mercator, wholeExtent(scene(), none), size, 9000).maxResolution).toBeGreaterThan(
      9000,
    );
  });

  test("one Earth at most: OpenLayers goes no farther than its Mercator square", () => {
    const limits = resolutionLimits(mercator, createEmpty(), size, 1e9);
    const view = new View({ projection: mapProjection(mercator), center: [0, 0], resolution: 1, ...limits });
    view.setResolution(1e9);
    const [minX = 0, , maxX = 0] = view.calculateExtent([...size]);
    expect(maxX - minX).toBeLessThanOrEqual(40_075_017.1);
  });
});
