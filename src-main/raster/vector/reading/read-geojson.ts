import { basename, extname } from "node:path";
import type { Crs } from "#shared/geo/crs.ts";
import type { ByteSource } from "../../byte-source.ts";
import { crsFromEpsg } from "../../crs/epsg.ts";
import { wgs84 } from "../../crs/transformer.ts";
import { RasterError } from "../../raster-error.ts";
import { jsonEvents } from "./json-events.ts";
import type {
  FeatureOptions,
  PolygonRings,
  VectorFeature,
  VectorFile,
  VectorGeometry,
  VectorValue,
} from "./vector-layer.ts";

/**
 * Opens a GeoJSON file: a FeatureCollection, a single Feature or geometry, or features one after another (RFC 8142, or a line each).
 *
 * Coordinates are longitude and latitude (RFC 7946), unless the file has the `crs` member of the older standard.
 */
export async function openGeoJson(source: ByteSource): Promise<VectorFile> {
  const { filePath } = source;
  let crs: Crs = wgs84;
  let isAny = false;
  for await (const event of jsonEvents(source, { outline: true })) {
    if (event.kind === "object") {
      isAny = true;
      const { members } = event;
      crs = crsOf(members.get("crs")) ?? crs;
      const type = parsed(source, members.get("type") ?? "null", "its type");
      if (!event.hasFeatures && (typeof type !== "string" || type === "FeatureCollection")) {
        throw new RasterError("damaged", filePath, `expected GeoJSON, found an object without "features"`);
      }
      if (type === "Topology") {
        throw new RasterError("unsupported", filePath, "TopoJSON is not read; save it as GeoJSON");
      }
    }
  }
  if (!isAny) {
    throw new RasterError("damaged", filePath, "expected GeoJSON, found an empty file");
  }
  return {
    filePath,
    format: "GeoJSON",
    layers: [
      {
        name: basename(filePath, extname(filePath)),
        crs,
        features: (options) => readFeatures(source, options),
      },
    ],
    close: () => source.close(),
  };
}

async function* readFeatures(
  source: ByteSource,
  { signal, onProgress }: FeatureOptions = {},
): AsyncGenerator<VectorFeature> {
  let number = 0;
  for await (const event of jsonEvents(source, { outline: false, signal })) {
    if (event.kind === "feature") {
      number += 1;
      onProgress?.(event.share);
      yield featureOf(source, parsed(source, event.text ?? "null", `feature ${number}`), number);
    } else if (!event.hasFeatures) {
      number += 1;
      const members = [...event.members].map(
        ([name, text]) => [name, parsed(source, text, `feature ${number}`)] as const,
      );
      yield featureOf(source, Object.fromEntries(members), number);
    }
  }
}

function featureOf(source: ByteSource, document: unknown, number: number): VectorFeature {
  const refuse = (what: string): never => {
    throw new RasterError("damaged", source.filePath, `feature ${number}: ${what}`);
  };
  if (!isObject(document)) {
    return refuse(`expected an object, found ${describe(document)}`);
  }
  if (document["type"] !== "Feature") {
    return { values: new Map(), geometry: geometryOf(document, refuse) };
  }
  const properties = document["properties"];
  const values = new Map<string, VectorValue>();
  if (isObject(properties)) {
    for (const [name, value] of Object.entries(properties)) {
      values.set(name, isPlain(value) ? value : JSON.stringify(value));
    }
  }
  const geometry = document["geometry"];
  return {
    values,
    geometry:
      geometry === null || geometry === undefined
        ? { kind: "none" }
        : isObject(geometry)
          ? geometryOf(geometry, refuse)
          : refuse(`expected a geometry, found ${describe(geometry)}`),
  };
}

function geometryOf(geometry: Readonly<Record<string, unknown>>, refuse: Refuse): VectorGeometry {
  const { type, coordinates } = geometry;
  switch (type) {
    case "Polygon":
      return polygons([ringsOf(coordinates, refuse)]);
    case "MultiPolygon":
      return polygons(listOf(coordinates, refuse).map((part) => ringsOf(part, refuse)));
    case "GeometryCollection": {
      const parts = listOf(geometry["geometries"], refuse).map((part) =>
        isObject(part) ? geometryOf(part, refuse) : refuse(`expected a geometry, found ${describe(part)}`),
      );
      const found = parts.flatMap((part) => (part.kind === "polygons" ? part.polygons : []));
      return found.length > 0 || parts.length === 0 ? polygons(found) : { kind: "other" };
    }
    default:
      return typeof type === "string"
        ? { kind: "other" }
        : refuse(`expected a geometry's type, found ${describe(type)}`);
  }
}

type Refuse = (what: string) => never;

function polygons(found: readonly PolygonRings[]): VectorGeometry {
  const filled = found.filter((rings) => rings.length > 0);
  return filled.length === 0 ? { kind: "none" } : { kind: "polygons", polygons: filled };
}

function ringsOf(coordinates: unknown, refuse: Refuse): Float64Array[] {
  return listOf(coordinates, refuse).map((ring) => {
    const positions = listOf(ring, refuse);
    const flat = new Float64Array(positions.length * 2);
    positions.forEach((position, index) => {
      const [x, y] = listOf(position, refuse);
      if (typeof x !== "number" || typeof y !== "number") {
        return refuse(`expected a position of two numbers, found ${describe(position)}`);
      }
      flat[index * 2] = x;
      flat[index * 2 + 1] = y;
    });
    return flat;
  });
}

function listOf(value: unknown, refuse: Refuse): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(`expected coordinates, found ${describe(value)}`);
}

function parsed(source: ByteSource, text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RasterError("damaged", source.filePath, `${what} isn't JSON: ${reason}`, error);
  }
}

/** The system of GeoJSON's older standard: {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}; null without one. */
function crsOf(text: string | undefined): Crs | null {
  if (text === undefined || text === "null") {
    return null;
  }
  const name = /"name"\s*:\s*"([^"]*)"\s*}/.exec(text)?.[1] ?? "";
  if (/CRS:?:?(1\.3:)?84$/i.test(name)) {
    return wgs84;
  }
  const code = /EPSG(?::[\d.]*)?:+(\d+)$/i.exec(name)?.[1];
  return code === undefined
    ? { kind: "unknown", reason: `its coordinate system "${name}" names no EPSG code` }
    : crsFromEpsg(Number(code));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPlain(value: unknown): value is VectorValue {
  return (
    value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean"
  );
}

function describe(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60);
}
