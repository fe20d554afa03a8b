import type { MapPosition } from "#shared/geo/affine.ts";
import type { MapProjection } from "#shared/project/mosaic.ts";

/** A position on the ground in degrees, WGS 84. */
export interface GroundPosition {
  readonly longitude: number;
  readonly latitude: number;
}

/** What somebody typed as a place to go to. */
export type TypedPosition =
  | { readonly kind: "map"; readonly position: MapPosition }
  | { readonly kind: "ground"; readonly position: GroundPosition }
  | { readonly kind: "unreadable"; readonly reason: string };

/** One angle with its hemisphere on either side: `25.19 N`, `N 25° 11' 24"`, `25.19°N`. */
const ANGLE =
  /^(?<before>[NSEW])?\s*(?<degrees>-?\d+(?:\.\d+)?)\s*°?\s*(?:(?<minutes>\d+(?:\.\d+)?)\s*['′]\s*)?(?:(?<seconds>\d+(?:\.\d+)?)\s*["″]\s*)?(?<after>[NSEW])?$/i;

const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;

/**
 * Reads a place: two numbers are map coordinates, easting first ("328112 2774310"); numbers with a hemisphere are
 * degrees in any order ("25.19 N 55.27 E", "E 55°16'12\" N 25°11'24\"").
 */
export function parseTypedPosition(text: string): TypedPosition {
  const trimmed = text.trim();
  const plain = trimmed.split(/[\s,;]+/).filter((part) => part !== "");
  const [first, second] = plain;
  if (
    plain.length === 2 &&
    first !== undefined &&
    second !== undefined &&
    plain.every((part) => NUMBER.test(part))
  ) {
    return { kind: "map", position: [Number(first), Number(second)] };
  }
  const halves = splitAngles(trimmed);
  if (halves === null) {
    return {
      kind: "unreadable",
      reason:
        "Two numbers are needed: easting and northing, or latitude and longitude such as 25.19 N 55.27 E.",
    };
  }
  const angles = halves.map(readAngle);
  const latitude = angles.find((angle) => angle?.axis === "latitude");
  const longitude = angles.find((angle) => angle?.axis === "longitude");
  if (latitude === undefined || longitude === undefined || latitude === null || longitude === null) {
    return { kind: "unreadable", reason: "One number with N or S and one with E or W is needed." };
  }
  if (Math.abs(latitude.degrees) > 90 || Math.abs(longitude.degrees) > 180) {
    return { kind: "unreadable", reason: "Latitude goes to 90 and longitude to 180 degrees." };
  }
  return { kind: "ground", position: { longitude: longitude.degrees, latitude: latitude.degrees } };
}

/** Cuts "25.19 N 55.27 E" or "N 25.19, E 55.27" between its two angles; null when there aren't two. */
function splitAngles(text: string): [string, string] | null {
  const letters = [...text.matchAll(/[NSEW]/gi)].map((match) => match.index);
  const [first, second] = letters;
  if (letters.length !== 2 || first === undefined || second === undefined) {
    return null;
  }
  const letterComesFirst = first === 0;
  const cut = letterComesFirst ? second : first + 1;
  const strip = (half: string): string => half.replace(/^[\s,;]+|[\s,;]+$/g, "");
  return [strip(text.slice(0, cut)), strip(text.slice(cut))];
}

function readAngle(text: string): { axis: "latitude" | "longitude"; degrees: number } | null {
  const groups = ANGLE.exec(text)?.groups;
  const letter = (groups?.["before"] ?? groups?.["after"])?.toUpperCase();
  if (groups === undefined || letter === undefined) {
    return null;
  }
  const whole = Number(groups["degrees"]);
  const size = Math.abs(whole) + Number(groups["minutes"] ?? 0) / 60 + Number(groups["seconds"] ?? 0) / 3600;
  const negative = whole < 0 !== (letter === "S" || letter === "W");
  return {
    axis: letter === "N" || letter === "S" ? "latitude" : "longitude",
    degrees: negative ? -size : size,
  };
}

/** "25.1987 N 55.2796 E": four decimals are about ten metres, five about one. */
export function formatGroundPosition({ longitude, latitude }: GroundPosition, decimals = 5): string {
  const north = `${Math.abs(latitude).toFixed(decimals)} ${latitude < 0 ? "S" : "N"}`;
  const east = `${Math.abs(longitude).toFixed(decimals)} ${longitude < 0 ? "W" : "E"}`;
  return `${north} ${east}`;
}

/** Map coordinates with as many decimals as their unit deserves: 0.1 m, 0.000001°, whole pixels. */
export function formatMapPosition([x, y]: MapPosition, units: MapProjection["units"]): string {
  const decimals = mapDecimals(units);
  return `${x.toFixed(decimals)} ${y.toFixed(decimals)}`;
}

function mapDecimals(units: MapProjection["units"]): number {
  switch (units) {
    case "metre":
    case "foot":
    case "us-foot":
      return 1;
    case "degree":
      return 6;
    case "pixel":
      return 0;
    case "unknown":
      return 2;
  }
}

/** "1:2,400", rounded to two digits, as a scale on a screen is no better known than that. */
export function formatScale(denominator: number): string {
  const magnitude = 10 ** Math.max(0, Math.floor(Math.log10(denominator)) - 1);
  return `1:${(Math.round(denominator / magnitude) * magnitude).toLocaleString("en")}`;
}

/** The longest round length (1, 2 or 5 times a power of ten) that is no longer than `longest`. */
export function roundLength(longest: number): number {
  const power = 10 ** Math.floor(Math.log10(longest));
  const step = [5, 2, 1].find((candidate) => candidate * power <= longest) ?? 1;
  return step * power;
}
