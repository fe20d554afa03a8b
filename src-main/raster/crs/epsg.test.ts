import { describe, expect, test } from "vitest";
import { crsFromEpsg, transformer, wgs84 } from "../index.ts";

/** Map position and what PROJ 9 (pyproj, no grid files) makes of it in WGS 84; metres that we may be off. */
const fromProj = [
  ["Belgian Lambert 72", 31370, 150000, 170000, 4.36875214090419, 50.840411283117874, 0.1],
  ["NTF (Paris) / Lambert zone II", 27572, 600000, 2200000, 2.3365336083621293, 46.799948781127014, 0.1],
  ["British National Grid", 27700, 400000, 300000, -2.0014331155108924, 52.59779243083379, 5],
  ["New York Long Island, feet", 2263, 1000000, 200000, -73.94318506826245, 40.71561647872389, 0.001],
] as const;

describe("EPSG codes", () => {
  test.each(fromProj)("%s lies where PROJ puts it", (_, code, x, y, longitude, latitude, metres) => {
    const found = transformer(crsFromEpsg(code), wgs84)?.forward([x, y]) ?? [NaN, NaN];
    const degree = 111_320;
    const east = (found[0] - longitude) * degree * Math.cos((latitude * Math.PI) / 180);
    expect(Math.hypot(east, (found[1] - latitude) * degree)).toBeLessThan(metres);
  });

  test("ellipsoids that proj4js would take for WGS 84 are spelled out", () => {
    const crs = crsFromEpsg(32231);
    expect(crs).toMatchObject({ kind: "epsg", name: "WGS 72 / UTM zone 31N" });
    expect("proj4" in crs && crs.proj4).toContain("+a=6378135 +rf=298.26");
  });

  test.each([
    [2048, /axes that run "wsu"/],
    [4807, /grads instead of degrees/],
    [4978, /geocentric/],
    [6244, /projection "col_urban", which is not supported/],
    [5703, /heights, not positions/],
    [1, /not in the EPSG table/],
  ])("%i is refused with a reason", (code, reason) => {
    const crs = crsFromEpsg(code);
    expect(crs.kind).toBe("unknown");
    expect("reason" in crs ? crs.reason : "").toMatch(reason);
  });
});
