import { describe, expect, test } from "vitest";
import {
  formatGroundPosition,
  formatMapPosition,
  formatScale,
  parseTypedPosition,
  roundLength,
} from "./coordinates.ts";

describe("parseTypedPosition", () => {
  test.each([
    ["328112 2774310", [328112, 2774310]],
    ["328112.5, 2774310", [328112.5, 2774310]],
    [" -12.5;40 ", [-12.5, 40]],
  ])("reads %j as map coordinates", (text, position) => {
    expect(parseTypedPosition(text)).toEqual({ kind: "map", position });
  });

  test.each([
    ["25.19 N 55.27 E", 55.27, 25.19],
    ["25.19N, 55.27E", 55.27, 25.19],
    ["55.27E 25.19N", 55.27, 25.19],
    ["N 25.19 E 55.27", 55.27, 25.19],
    ["33.5 S 70.25 W", -70.25, -33.5],
    [`25°11'24"N 55°16'12"E`, 55 + 16 / 60 + 12 / 3600, 25 + 11 / 60 + 24 / 3600],
  ])("reads %j as degrees", (text, longitude, latitude) => {
    const read = parseTypedPosition(text);
    expect(read.kind).toBe("ground");
    if (read.kind === "ground") {
      expect(read.position.longitude).toBeCloseTo(longitude, 9);
      expect(read.position.latitude).toBeCloseTo(latitude, 9);
    }
  });

  test.each(["", "dubai", "25.19", "1 2 3", "25.19 N 55.27 S", "95 N 10 E"])(
    "says why %j isn't a place",
    (text) => {
      expect(parseTypedPosition(text).kind).toBe("unreadable");
    },
  );
});

describe("formats", () => {
  test("ground positions carry their hemisphere", () => {
    expect(formatGroundPosition({ longitude: 55.27964, latitude: 25.19873 }, 4)).toBe("25.1987 N 55.2796 E");
    expect(formatGroundPosition({ longitude: -70.25, latitude: -33.5 }, 1)).toBe("33.5 S 70.3 W");
  });

  test("map positions have the decimals of their unit", () => {
    expect(formatMapPosition([328112.54, 2774310], "metre")).toBe("328112.5 2774310.0");
    expect(formatMapPosition([55.27964, 25.19873], "degree")).toBe("55.279640 25.198730");
    expect(formatMapPosition([928.4, -1380.2], "pixel")).toBe("928 -1380");
  });

  test("scales are rounded to two digits", () => {
    expect(formatScale(2413)).toBe("1:2,400");
    expect(formatScale(7)).toBe("1:7");
    expect(formatScale(1_234_567)).toBe("1:1,200,000");
  });

  test("a scale bar's length is round and fits", () => {
    expect([97, 100, 499, 0.3, 5000].map(roundLength)).toEqual([50, 100, 200, 0.2, 5000]);
  });
});
