import { describe, expect, test } from "vitest";
import type { Geotransform } from "#shared/geo/affine.ts";
import type { MapProjection } from "#shared/project/mosaic.ts";
import { mosaicGrid, type MosaicGrid } from "./mosaic-grid.ts";

const utm40: MapProjection = {
  code: "EPSG:32640",
  name: "WGS 84 / UTM zone 40N",
  proj4: "+proj=utm +zone=40 +datum=WGS84 +units=m +no_defs",
  units: "metre",
};
const mercator: MapProjection = {
  code: "EPSG:3857",
  name: "WGS 84 / Pseudo-Mercator",
  proj4:
    "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +no_defs",
  units: "metre",
};
const pixels: MapProjection = { code: "PIXEL", name: "pixel coordinates", proj4: null, units: "pixel" };
const size = { width: 1000, height: 600 };
const northUp: Geotransform = [0.5, 0, 325_000, 0, -0.5, 2_787_000];

function gridOf(geotransform: Geotransform, view: MapProjection, projection = utm40): MosaicGrid {
  const grid = mosaicGrid({ projection, geotransform }, size, view, 1);
  if (grid === null) {
    throw new Error("the mosaic can't be placed");
  }
  return grid;
}

describe("a north-up mosaic on a map in its own projection", () => {
  const grid = gridOf(northUp, utm40);

  test("lies where its geotransform says", () => {
    expect(grid.mapExtent).toEqual([325_000, 2_787_000 - 300, 325_500, 2_787_000]);
    expect(grid.nativeResolution).toBe(0.5);
    expect(grid.toPixel([325_010, 2_786_990])).toEqual([20, 20]);
  });

  test("has tiles of whole pixels, read without warping", () => {
    const finest = grid.tileGrid.getMaxZoom();
    expect(grid.tileGrid.getResolution(finest)).toBe(0.5);
    expect(grid.plan({ level: finest, column: 1, row: 2 })).toEqual({
      kind: "copy",
      request: {
        pixelWindow: { x: 256, y: 512, width: 256, height: 256 },
        size: { width: 256, height: 256 },
      },
    });
  });

  test("has tiles at the place of their pixels", () => {
    const finest = grid.tileGrid.getMaxZoom();
    const extent = grid.tileGrid.getTileCoordExtent([finest, 1, 2]);
    expect(extent).toEqual([325_128, 2_787_000 - 384, 325_256, 2_787_000 - 256]);
  });
});

describe("a mosaic that has to be warped", () => {
  // Turned by 30 degrees and sheared, half-metre pixels.
  const turn = Math.PI / 6;
  const sheared: Geotransform = [
    0.5 * Math.cos(turn),
    0.5 * Math.sin(turn) + 0.1,
    325_000,
    0.5 * Math.sin(turn),
    -0.5 * Math.cos(turn),
    2_787_000,
  ];

  test.each([
    ["sheared on its own map", sheared, utm40],
    ["sheared on another map", sheared, mercator],
    ["north-up on another map", northUp, mercator],
    ["south-up", [0.5, 0, 325_000, 0, 0.5, 2_786_700] as const, utm40],
  ])("%s: pixel to map and back is the same pixel", (_, geotransform, view) => {
    const grid = gridOf(geotransform, view);
    for (const pixel of [
      [0, 0],
      [1000, 600],
      [123.5, 456.25],
    ] as const) {
      const [column, row] = grid.toPixel(grid.toMap(pixel));
      expect(column).toBeCloseTo(pixel[0], 3);
      expect(row).toBeCloseTo(pixel[1], 3);
    }
  });

  test("its tiles ask for the pixels below them", () => {
    const grid = gridOf(northUp, mercator);
    const [x, y] = grid.toMap([500, 300]);
    const finest = grid.tileGrid.getMaxZoom();
    const [level = 0, column = 0, row = 0] = grid.tileGrid.getTileCoordForCoordAndZ([x, y], finest);
    const plan = grid.plan({ level, column, row });
    expect(plan.kind).toBe("warp");
    if (plan.kind === "warp") {
      const { pixelWindow } = plan.request;
      expect(pixelWindow.x).toBeLessThanOrEqual(500);
      expect(pixelWindow.x + pixelWindow.width).toBeGreaterThan(500);
      expect(pixelWindow.y).toBeLessThanOrEqual(300);
      expect(pixelWindow.y + pixelWindow.height).toBeGreaterThan(300);
      expect(pixelWindow.width).toBeLessThan(300);
    }
  });

  test("its native resolution is the projected side of a pixel", () => {
    // Web Mercator stretches by 1 / cos(latitude); 2,787 km north is 25.19 degrees.
    const grid = gridOf(northUp, mercator);
    expect(grid.nativeResolution).toBeCloseTo(0.5 / Math.cos((25.19 * Math.PI) / 180), 2);
  });

  test("can't be placed on a map whose coordinates nothing is known of", () => {
    expect(mosaicGrid({ projection: utm40, geotransform: northUp }, size, pixels, 1)).toBeNull();
    expect(mosaicGrid({ projection: pixels, geotransform: [1, 0, 0, 0, -1, 0] }, size, utm40, 1)).toBeNull();
  });
});

test("screens with two device pixels a pixel get tiles of half the width", () => {
  const grid = mosaicGrid({ projection: utm40, geotransform: northUp }, size, utm40, 2);
  const finest = grid?.tileGrid.getMaxZoom() ?? 0;
  // 256 native pixels of half a metre are 128 m: the same ground as with one device pixel a pixel.
  expect(grid?.tileGrid.getTileCoordExtent([finest, 0, 0])).toEqual([
    325_000,
    2_787_000 - 128,
    325_128,
    2_787_000,
  ]);
});
