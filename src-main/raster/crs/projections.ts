import proj4 from "proj4";
import { addOwnProjections, type ProjectionRegistry } from "#shared/geo/own-projections.ts";

// proj4js types what it keeps as finished definitions, of which these are only the formulas.
addOwnProjections(proj4.Proj.projections as unknown as ProjectionRegistry);

/** proj4js with the projections that we compute ourselves: what this folder imports instead of the package. */
export { proj4 };
