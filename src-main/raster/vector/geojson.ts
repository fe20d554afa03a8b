import { isProjectable } from "#shared/geo/crs.ts";
import type { TracedPolygon } from "../polygons/traced-polygon.ts";
import { transformer, wgs84 } from "../crs/transformer.ts";
import { RasterError } from "../raster-error.ts";
import type { BeforeRename } from "../write/atomic-file.ts";
import { AppendFile } from "./append-file.ts";
import { areaMeasure, toMap, type AreaMeasure, type MapPolygon } from "./polygon-geometry.ts";
import { classNameIn, polygonColumns, type PolygonLayer, type PolygonWriter } from "./polygon-layer.ts";
import { besideFirst, cutAtAntimeridian, turnOf, type Ring } from "./antimeridian.ts";

const encoder = new TextEncoder();
/** Nine decimals of a degree are a tenth of a millimetre. */
const precision = 1e9;

/**
 * Starts a GeoJSON file (RFC 7946): WGS 84 longitude and latitude, right-hand rule, cut where it crosses 180°.
 *
 * Long edges get positions in between, so that they lie on the map where they lay before; both neighbours of an edge get the same ones.
 */
export async function createGeoJson(filePath: string, layer: PolygonLayer): Promise<PolygonWriter> {
  if (!isProjectable(layer.crs)) {
    throw new RasterError(
      "unsupported",
      filePath,
      `GeoJSON wants longitude and latitude, and the mask's coordinate system is ${layer.crs.kind === "none" ? "not stated" : `unknown (${layer.crs.reason})`}; choose GeoPackage or FlatGeobuf`,
    );
  }
  return new GeoJsonWriter(await AppendFile.create(filePath), layer);
}

class GeoJsonWriter implements PolygonWriter {
  readonly #file: AppendFile;
  readonly #layer: PolygonLayer;
  readonly #measure: AreaMeasure | null;
  readonly #project: (x: number, y: number) => readonly [number, number];
  readonly #tolerance: number;
  #count = 0;

  constructor(file: AppendFile, layer: PolygonLayer) {
    this.#file = file;
    this.#layer = layer;
    this.#measure = areaMeasure(layer.crs, layer.geotransform);
    const carry = transformer(layer.crs, wgs84);
    this.#project = (x, y) => carry?.forward([x, y]) ?? [NaN, NaN];
    this.#tolerance = 0.05;
    file.append(
      encoder.encode(`{"type":"FeatureCollection","name":${JSON.stringify(layer.name)},"features":[`),
    );
  }

  write(polygon: TracedPolygon): void {
    const map = toMap(polygon, this.#layer.geotransform);
    const properties = JSON.stringify({
      [polygonColumns.classId]: polygon.classId,
      [polygonColumns.className]: classNameIn(this.#layer, polygon.classId),
      [polygonColumns.area]: this.#measure === null ? null : this.#measure(polygon, map),
    });
    this.#text(`${this.#count === 0 ? "\n" : ",\n"}{"type":"Feature","properties":${properties},"geometry":`);
    const rings = this.#ringsInDegrees(map);
    const exterior = rings.next();
    const turn = exterior.done === true ? null : turnOf(exterior.value);
    if (exterior.done === true || turn === null) {
      const whole = exterior.done === true ? [] : [exterior.value, ...rings];
      this.#text(`{"type":"MultiPolygon","coordinates":[`);
      cutAtAntimeridian(whole).forEach((part, index) => {
        this.#text(index > 0 ? "," : "");
        this.#rings(part);
      });
      this.#text("]");
    } else {
      this.#text(`{"type":"Polygon","coordinates":`);
      this.#rings(besideFirst(exterior.value, rings, turn));
    }
    this.#text("}}");
    this.#count += 1;
  }

  #text(text: string): void {
    this.#file.append(encoder.encode(text));
  }

  *#ringsInDegrees({ batches }: MapPolygon): Generator<Ring, undefined> {
    for (const { positions, ringEnds } of batches) {
      let start = 0;
      for (const end of ringEnds) {
        yield this.#degrees(positions, start, end);
        start = end;
      }
    }
    return undefined;
  }

  async finish(beforeRename?: BeforeRename): Promise<void> {
    this.#text("\n]}\n");
    await this.#file.commit(beforeRename);
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }

  #rings(rings: Iterable<Ring>): void {
    let before = "[";
    for (const ring of rings) {
      const words: string[] = [];
      for (let at = 0; at < ring.length; at += 2) {
        words.push(`[${rounded(ring[at] as number)},${rounded(ring[at + 1] as number)}]`);
      }
      this.#text(`${before}[${words.join(",")}]`);
      before = ",";
    }
    this.#text("]");
  }

  /** A ring in degrees, its longitudes running on without jumps. */
  #degrees(positions: Float64Array, start: number, end: number): Ring {
    const ring: number[] = [];
    let x = positions[start * 2] as number;
    let y = positions[start * 2 + 1] as number;
    let [longitude, latitude] = this.#project(x, y);
    ring.push(longitude, latitude);
    for (let index = start + 1; index < end; index += 1) {
      const nextX = positions[index * 2] as number;
      const nextY = positions[index * 2 + 1] as number;
      const [nextLongitude, nextLatitude] = this.#project(nextX, nextY);
      this.#between(ring, [x, y, longitude, latitude], [nextX, nextY, nextLongitude, nextLatitude], 0);
      ring.push(nextLongitude, nextLatitude);
      [x, y, longitude, latitude] = [nextX, nextY, nextLongitude, nextLatitude];
    }
    if (!ring.every(Number.isFinite)) {
      throw new RasterError(
        "unsupported",
        this.#layer.name,
        "a corner of the mask has no longitude and latitude; choose GeoPackage or FlatGeobuf",
      );
    }
    return ring;
  }

  /** Adds what an edge needs to bend as its projection does: the same positions whichever way it is walked. */
  #between(ring: number[], from: Corner, to: Corner, depth: number): void {
    const [a, b, , d, e] = this.#layer.geotransform;
    const pixel = Math.max(Math.hypot(a, d), Math.hypot(b, e));
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    // An edge of a few pixels does not bend by a twentieth of one.
    if (depth > 12 || length < 16 * pixel) {
      return;
    }
    const x = (from[0] + to[0]) / 2;
    const y = (from[1] + to[1]) / 2;
    const [longitude, latitude] = this.#project(x, y);
    const straight = (from[2] + unwrapped(to[2], from[2])) / 2;
    const degreesPerUnit = Math.hypot(unwrapped(to[2], from[2]) - from[2], to[3] - from[3]) / length;
    const off = Math.hypot(unwrapped(longitude, straight) - straight, latitude - (from[3] + to[3]) / 2);
    if (off <= this.#tolerance * pixel * degreesPerUnit) {
      return;
    }
    const middle: Corner = [x, y, longitude, latitude];
    this.#between(ring, from, middle, depth + 1);
    ring.push(longitude, latitude);
    this.#between(ring, middle, to, depth + 1);
  }
}

/** x and y in the layer's CRS, then longitude and latitude. */
type Corner = readonly [x: number, y: number, longitude: number, latitude: number];

/** The longitude of the same meridian that is nearest to another. */
function unwrapped(longitude: number, near: number): number {
  return longitude - 360 * Math.round((longitude - near) / 360);
}

function rounded(value: number): number {
  return Math.round(value * precision) / precision;
}
