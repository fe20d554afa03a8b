import { cassiniForward } from "./cassini.ts";
import { cylindricalEqualArea } from "./cylindrical-equal-area.ts";

/** A position that proj4js hands to a projection, which changes it in place: radians on the ellipsoid, metres on the plane. */
export interface MovingPoint {
  x: number;
  y: number;
}

/** Formulas as proj4js keeps them; `this` is the definition, parsed. */
export interface ProjectionFormulas {
  readonly names: string[];
  init(): void;
  forward(point: MovingPoint): MovingPoint;
  inverse(point: MovingPoint): MovingPoint;
}

/** The part of proj4js' `Proj.projections` that is needed here. */
export interface ProjectionRegistry {
  add(formulas: ProjectionFormulas): void;
  get(name: string): ProjectionFormulas | null;
}

/**
 * Replaces those formulas of proj4js that miss PROJ's by more than a millimetre, in the host and in the page alike.
 *
 * Lambert's azimuthal equal-area, Equal Earth and New Zealand's grid are right on the way to the plane and up to 2 mm off on the way back,
 * where a series ends early. Cassini–Soldner has a wrong sign in its last term, 0.3 m at four degrees from its meridian.
 */
export function addOwnProjections(registry: ProjectionRegistry): void {
  registry.add(cylindricalEqualArea);
  for (const name of ["laea", "eqearth", "nzmg"]) {
    const formulas = registry.get(name);
    if (formulas !== null) {
      registry.add(withExactInverse(formulas));
    }
  }
  const cassini = registry.get("cass");
  if (cassini !== null) {
    registry.add(withExactInverse({ ...cassini, forward: cassiniForward }));
  }
}

/** Half a micrometre: what rounding leaves of positions a few thousand kilometres from the origin is less. */
const closeEnoughMeters = 5e-7;

/**
 * Formulas whose way back is as exact as their way there: where the way back from `point` leads to a place that lies a little beside
 * `point`, it is walked again from as much on its other side.
 */
function withExactInverse(formulas: ProjectionFormulas): ProjectionFormulas {
  return {
    ...formulas,
    inverse(point) {
      const wanted = { x: point.x, y: point.y };
      const aim = { ...wanted };
      let found = formulas.inverse.call(this, { ...aim });
      for (let round = 0; round < 8; round += 1) {
        const reached = formulas.forward.call(this, { ...found });
        const missX = wanted.x - reached.x;
        const missY = wanted.y - reached.y;
        const miss = Math.hypot(missX, missY);
        // A kilometre is not a rounded series but another branch of the projection, or no place at all.
        if (!(miss > closeEnoughMeters && miss < 1000)) {
          break;
        }
        aim.x += missX;
        aim.y += missY;
        found = formulas.inverse.call(this, { ...aim });
      }
      point.x = found.x;
      point.y = found.y;
      return point;
    },
  };
}
