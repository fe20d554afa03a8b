import type { ProjectedFormula } from "./proj4-formula.ts";
import { childNamed, numbersOf, textAt, type WktNode } from "./wkt-tree.ts";

/**
 * The projection of a PROJCS element of WKT 1, in OGC's and ESRI's names.
 *
 * @returns a sentence's worth of reason when the method isn't supported
 */
export function formulaFromWkt(
  node: WktNode,
  unitMeters: number,
  angleDegrees: number,
): ProjectedFormula | string {
  const projection = childNamed(node, "PROJECTION");
  const method = projection === null ? null : textAt(projection, 0);
  if (method === null) {
    return "it names no projection";
  }
  const parameters = new Map<string, number>();
  for (const child of node.children) {
    if (child.keyword === "PARAMETER") {
      const value = numbersOf(child)[0];
      if (value !== undefined) {
        parameters.set((textAt(child, 0) ?? "").toLowerCase(), value);
      }
    }
  }
  const first = (names: readonly string[]): number | undefined => {
    const name = names.find((candidate) => parameters.has(candidate));
    return name === undefined ? undefined : parameters.get(name);
  };
  const angle = (...names: readonly string[]): number => (first(names) ?? 0) * angleDegrees;
  const lon_0 = angle(
    "central_meridian",
    "longitude_of_center",
    "longitude_of_origin",
    "longitude_of_centre",
  );
  const lat_0 = angle("latitude_of_origin", "latitude_of_center", "latitude_of_centre", "central_parallel");
  const lat_1 = angle("standard_parallel_1", "pseudo_standard_parallel_1");
  const lat_2 = angle("standard_parallel_2");
  const k = first(["scale_factor"]) ?? 1;
  const x_0 = (first(["false_easting"]) ?? 0) * unitMeters;
  const y_0 = (first(["false_northing"]) ?? 0) * unitMeters;
  const centred = (proj: string): ProjectedFormula => ({ proj, parameters: { lat_0, lon_0, x_0, y_0 } });
  const simple = (proj: string): ProjectedFormula => ({ proj, parameters: { lon_0, x_0, y_0 } });

  switch (method.toLowerCase()) {
    case "transverse_mercator":
    case "gauss_kruger":
      return { proj: "tmerc", parameters: { lat_0, lon_0, k, x_0, y_0 } };
    case "mercator":
    case "mercator_1sp":
    case "mercator_2sp":
      return parameters.has("standard_parallel_1")
        ? { proj: "merc", parameters: { lat_ts: lat_1, lon_0, x_0, y_0 } }
        : { proj: "merc", parameters: { lon_0, k, x_0, y_0 } };
    case "mercator_auxiliary_sphere":
    case "popular_visualisation_pseudo_mercator":
      // Spherical formulas on the ellipsoid's major axis: what web maps use.
      return { proj: "merc", parameters: { lon_0, k, x_0, y_0, b: 6378137 }, flags: ["nadgrids=@null"] };
    case "lambert_conformal_conic":
    case "lambert_conformal_conic_2sp":
      return parameters.has("standard_parallel_2")
        ? { proj: "lcc", parameters: { lat_0, lat_1, lat_2, lon_0, x_0, y_0 } }
        : {
            proj: "lcc",
            parameters: {
              lat_0,
              lat_1: parameters.has("standard_parallel_1") ? lat_1 : lat_0,
              lon_0,
              k_0: k,
              x_0,
              y_0,
            },
          };
    case "lambert_conformal_conic_1sp":
      return { proj: "lcc", parameters: { lat_0, lat_1: lat_0, lat_2: lat_0, lon_0, k_0: k, x_0, y_0 } };
    case "albers":
    case "albers_conic_equal_area":
      return { proj: "aea", parameters: { lat_0, lat_1, lat_2, lon_0, x_0, y_0 } };
    case "lambert_azimuthal_equal_area":
      return centred("laea");
    case "azimuthal_equidistant":
      return centred("aeqd");
    case "equidistant_conic":
      return { proj: "eqdc", parameters: { lat_0, lat_1, lat_2, lon_0, x_0, y_0 } };
    case "stereographic":
      return { proj: "stere", parameters: { lat_0, lon_0, k, x_0, y_0 } };
    case "stereographic_north_pole":
    case "stereographic_south_pole":
    case "polar_stereographic": {
      const trueScale = parameters.has("standard_parallel_1") ? lat_1 : lat_0;
      const pole = trueScale < 0 || method.toLowerCase() === "stereographic_south_pole" ? -90 : 90;
      return Math.abs(trueScale) === 90
        ? { proj: "stere", parameters: { lat_0: pole, lon_0, k, x_0, y_0 } }
        : { proj: "stere", parameters: { lat_0: pole, lat_ts: trueScale, lon_0, x_0, y_0 } };
    }
    case "oblique_stereographic":
    case "double_stereographic":
      return { proj: "sterea", parameters: { lat_0, lon_0, k, x_0, y_0 } };
    case "equirectangular":
    case "plate_carree":
    case "equidistant_cylindrical":
      return { proj: "eqc", parameters: { lat_ts: lat_1, lon_0, x_0, y_0 } };
    case "cassini_soldner":
    case "cassini":
      return centred("cass");
    case "polyconic":
      return centred("poly");
    case "orthographic":
      return centred("ortho");
    case "gnomonic":
      return centred("gnom");
    case "robinson":
      return simple("robin");
    case "sinusoidal":
      return simple("sinu");
    case "mollweide":
      return simple("moll");
    case "miller_cylindrical":
      return simple("mill");
    case "vandergrinten":
    case "van_der_grinten_i":
      return simple("vandg");
    case "cylindrical_equal_area":
      return { proj: "cea", parameters: { lat_ts: lat_1, lon_0, x_0, y_0 } };
    case "behrmann":
      return { proj: "cea", parameters: { lat_ts: 30, lon_0, x_0, y_0 } };
    case "hotine_oblique_mercator":
    case "hotine_oblique_mercator_azimuth_natural_origin":
    case "rectified_skew_orthomorphic_natural_origin": {
      const alpha = angle("azimuth");
      const gamma = parameters.has("rectified_grid_angle") ? angle("rectified_grid_angle") : alpha;
      return {
        proj: "omerc",
        parameters: { lat_0, lonc: lon_0, alpha, gamma, k, x_0, y_0 },
        flags: ["no_uoff"],
      };
    }
    case "hotine_oblique_mercator_azimuth_center":
    case "oblique_mercator": {
      const alpha = angle("azimuth");
      const gamma = parameters.has("rectified_grid_angle") ? angle("rectified_grid_angle") : alpha;
      return { proj: "omerc", parameters: { lat_0, lonc: lon_0, alpha, gamma, k, x_0, y_0 } };
    }
    case "geostationary_satellite":
      return {
        proj: "geos",
        parameters: { h: first(["satellite_height", "height"]) ?? 35785831, lon_0, x_0, y_0 },
      };
    default:
      return `its projection "${method}" is not supported`;
  }
}
