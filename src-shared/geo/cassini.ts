import type { MovingPoint } from "./own-projections.ts";
import { within180 } from "./cylindrical-equal-area.ts";

/** What proj4js prepares for Cassini–Soldner: metres, radians, and the coefficients of the meridian's length. */
interface CassiniDefinition {
  readonly a: number;
  /** First eccentricity, squared. */
  readonly es: number;
  readonly sphere?: boolean;
  readonly x0: number;
  readonly y0: number;
  readonly lat0: number;
  readonly long0: number;
  readonly over?: boolean;
  readonly e0: number;
  readonly e1: number;
  readonly e2: number;
  readonly e3: number;
  /** Length of the meridian from the equator to the origin. */
  readonly ml0: number;
}

/** Cassini–Soldner, from longitude and latitude: IOGP Guidance Note 7-2, section 3.2.2. */
export function cassiniForward(this: CassiniDefinition, point: MovingPoint): MovingPoint {
  const { a, es } = this;
  const longitude = within180(point.x - this.long0, this.over === true);
  const latitude = point.y;
  if (this.sphere === true) {
    point.x = this.x0 + a * Math.asin(Math.cos(latitude) * Math.sin(longitude));
    point.y = this.y0 + a * (Math.atan2(Math.tan(latitude), Math.cos(longitude)) - this.lat0);
    return point;
  }
  const sine = Math.sin(latitude);
  const cosine = Math.cos(latitude);
  const tangent = sine / cosine;
  const t = tangent * tangent;
  const c = (es * cosine * cosine) / (1 - es);
  const across = longitude * cosine;
  const square = across * across;
  const curvature = a / Math.sqrt(1 - es * sine * sine);
  const meridian =
    a *
    (this.e0 * latitude -
      this.e1 * Math.sin(2 * latitude) +
      this.e2 * Math.sin(4 * latitude) -
      this.e3 * Math.sin(6 * latitude));
  point.x = this.x0 + curvature * across * (1 - square * t * (1 / 6 + ((8 - t + 8 * c) * square) / 120));
  point.y =
    this.y0 +
    (meridian - this.ml0) +
    curvature * tangent * square * (1 / 2 + ((5 - t + 6 * c) * square) / 24);
  return point;
}
