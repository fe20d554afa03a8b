import { describe, expect, test } from "vitest";
import type { Geotransform } from "#shared/geo/affine.ts";
import type { MapProjection, ReadyMosaic } from "#shared/project/mosaic.ts";
import { MosaicScene, viewedWindow, type PlacedMosaic } from "./mosaic-scene.ts";

const plane: MapProjection = { code: "PIXEL", name: "pixel coordinates", proj4: null, units: "pixel" };

function mosaic(id: string, geotransform: Geotransform, width = 1000, height = 600): ReadyMosaic {
  return {
    kind: "ready",
    id,
    name: id,
    fileName: `${id}.tif`,
    image: {
      format: "GeoTIFF",
      width,
      height,
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
    placement: { projection: plane, geotransform },
    mask: { kind: "none" },
  };
}

const first = mosaic("first", [1, 0, 0, 0, -1, 0]);
const second = mosaic("second", [1, 0, 900, 0, -1, 0]);

function placed(scene: MosaicScene, id: string): PlacedMosaic {
  const found = scene.get(id);
  if (found === null) {
    throw new Error(`${id} isn't on the map`);
  }
  return found;
}

describe("MosaicScene", () => {
  const scene = new MosaicScene(plane, 1);
  scene.update([first, second]);

  test("finds the topmost mosaic and its pixel", () => {
    expect(scene.at([950.5, -10.5], () => false)).toMatchObject({
      placed: { mosaic: { id: "second" } },
      column: 50,
      row: 10,
    });
    expect(scene.at([950.5, -10.5], (id) => id === "second")).toMatchObject({
      placed: { mosaic: { id: "first" } },
      column: 950,
    });
    // A swipe shows the first one here, which the second lies upon.
    expect(scene.at([950.5, -10.5], () => true, "first")).toMatchObject({
      placed: { mosaic: { id: "first" } },
      column: 950,
    });
    expect(scene.at([5000, 0], () => false)).toBeNull();
  });

  test("draws what is in view and large enough on screen", () => {
    const ids = (resolution: number): string[] =>
      scene.inView([0, -600, 500, 0], resolution).map((found) => found.mosaic.id);
    expect(ids(1)).toEqual(["first"]);
    expect(ids(1000 / 31)).toEqual([]);
  });

  test("names the mosaics whose tiles are no longer right", () => {
    const changing = new MosaicScene(plane, 1);
    expect(changing.update([first, second])).toEqual([]);
    expect(
      changing.update([{ ...first, mask: { kind: "refused", fileName: "m", reason: "r" } }, second]),
    ).toEqual([]);
    expect(changing.update([mosaic("first", [1, 0, 0, 0, -1, 0], 500)])).toEqual(["first", "second"]);
  });
});

describe("viewedWindow", () => {
  const scene = new MosaicScene(plane, 1);
  scene.update([first, mosaic("turned", [0, 1, 0, 1, 0, 0], 400, 400)]);

  test("is the part of the mosaic on screen, in its own pixels", () => {
    expect(viewedWindow(placed(scene, "first"), [100, -300, 500, -50])).toEqual({
      x: 100,
      y: 50,
      width: 400,
      height: 250,
    });
    expect(viewedWindow(placed(scene, "first"), [-50, -700, 2000, 50])).toEqual({
      x: 0,
      y: 0,
      width: 1000,
      height: 600,
    });
  });

  test("is null beside the mosaic", () => {
    expect(viewedWindow(placed(scene, "first"), [2000, -300, 2500, -50])).toBeNull();
  });

  test("follows a turned mosaic", () => {
    // x runs down the rows and y along the columns.
    expect(viewedWindow(placed(scene, "turned"), [10, 20, 110, 220])).toEqual({
      x: 20,
      y: 10,
      width: 200,
      height: 100,
    });
  });
});
