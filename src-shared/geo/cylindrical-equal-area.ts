import type { MovingPoint } from "./own-projections.ts";

/** What the projection's functions find in `this`: the definition as proj4js has parsed it, angles in radians. */
interface CylinderDefinition {
  /** Semi-major axis, metres. */
  readonly a: number;
  /** First eccentricity; 0 on a sphere. */
  readonly e: number;
  readonly x0: number;
  readonly y0: number;
  /** Central meridian. */
  readonly long0: number;
  /** Latitude of true scale. */
  readonly lat_ts?: number;
  /** Whether longitudes may leave ±180°. */
  readonly over?: boolean;
}

/**
 * Lambert's cylindrical equal area projection, as an extension for proj4js (`proj4.Proj.projections.add`), which knows
 * it too but ends its iteration for the latitude 2 mm early, and at 1e-6 below the pole jumps to it.
 *
 * Snyder, Map Projections: A Working Manual, USGS 1395, equations 10-15 to 10-18 and 3-12.
 */
export const cylindricalEqualArea = {
  names: ["cea"],
  init(): void {
    // Nothing to prepare: the few terms that could be kept cost less than a square root.
  },
  forward(this: CylinderDefinition, point: MovingPoint): MovingPoint {
    const scale = scaleAtEquator(this);
    const sine = Math.sin(point.y);
    point.x = this.x0 + this.a * scale * within180(point.x - this.long0, this.over === true);
    point.y = this.y0 + (this.a * authalicTerm(this.e, sine)) / (2 * scale);
    return point;
  },
  inverse(this: CylinderDefinition, point: MovingPoint): MovingPoint {
    const scale = scaleAtEquator(this);
    const term = (2 * scale * (point.y - this.y0)) / this.a;
    point.x = within180(this.long0 + (point.x - this.x0) / (this.a * scale), this.over === true);
    point.y = latitudeOfAuthalicTerm(this.e, term);
    return point;
  },
};

/** Snyder's k₀ (10-13): how much wider the equator is drawn than it is. */
function scaleAtEquator({ e, lat_ts: trueScale = 0 }: CylinderDefinition): number {
  const sine = Math.sin(trueScale);
  return Math.cos(trueScale) / Math.sqrt(1 - e * e * sine * sine);
}

/** Snyder's q (3-12) of a latitude, by its sine: twice the area from the equator to it, over a²; 2 sin φ on a sphere. */
export function authalicTerm(e: number, sine: number): number {
  if (e < 1e-7) {
    return 2 * sine;
  }
  const turned = e * sine;
  return (1 - e * e) * (sine / (1 - turned * turned) + Math.atanh(turned) / e);
}

/**
 * The latitude of a q, in radians; NaN beyond the poles.
 *
 * Newton's method on the sine instead of the latitude: its derivative 2 (1 - e²) / (1 - e² sin²φ)² doesn't vanish at the poles.
 */
function latitudeOfAuthalicTerm(e: number, term: number): number {
  const pole = authalicTerm(e, 1);
  // A hair beyond the pole is the pole: whoever computed the position rounded.
  if (!(Math.abs(term) <= pole * (1 + 1e-12))) {
    return Number.NaN;
  }
  let sine = term / pole;
  for (let round = 0; round < 20; round += 1) {
    const shrink = 1 - (e * sine) ** 2;
    const step = ((term - authalicTerm(e, sine)) * shrink * shrink) / (2 * (1 - e * e));
    sine = Math.min(1, Math.max(-1, sine + step));
    if (Math.abs(step) < 1e-16) {
      break;
    }
  }
  return Math.asin(sine);
}

/** A difference of longitudes brought into ±180°; 180° itself stays on the side it is on, with room for rounding. */
export function within180(radians: number, isUnbounded: boolean): number {
  const half = Math.PI + 1e-11;
  return isUnbounded || Math.abs(radians) <= half
    ? radians
    : radians - 2 * Math.PI * Math.round(radians / (2 * Math.PI));
}
