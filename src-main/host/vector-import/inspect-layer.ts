import { fieldValueText, type VectorInspection } from "#shared/labels/vector-import.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import type { Crs } from "#shared/geo/crs.ts";
import { Breather, type VectorLayer } from "../../raster/index.ts";
import { PolygonPlacer } from "./place-polygons.ts";

/** A field with more values than there can be classes says no class. */
const mostValues = 255;
const mostFields = 256;
/** Longer texts are remarks. */
const longestValue = 200;

/** Goes through a layer once and tells what is in it: fields with few values, and which mosaics its polygons meet. */
export async function inspectLayer(
  layer: VectorLayer,
  crs: Crs,
  mosaics: readonly ReadyMosaic[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<VectorInspection> {
  const placer = new PolygonPlacer(crs, mosaics);
  const breather = new Breather();
  const fields = new Map<string, Map<string | null, number> | null>();
  const met = new Map<string, number>();
  let [features, polygons, withoutGeometry, notPolygons] = [0, 0, 0, 0];
  for await (const { values, geometry } of layer.features({ signal })) {
    await breather.pause();
    signal?.throwIfAborted();
    features += 1;
    switch (geometry.kind) {
      case "none":
        withoutGeometry += 1;
        continue;
      case "other":
        notPolygons += 1;
        continue;
      case "polygons":
        polygons += 1;
    }
    for (const [name, value] of values) {
      countValue(fields, name, fieldValueText(value));
    }
    for (const mosaicId of placer.meets(geometry.polygons) ?? []) {
      met.set(mosaicId, (met.get(mosaicId) ?? 0) + 1);
    }
  }
  return {
    features,
    polygons,
    withoutGeometry,
    notPolygons,
    fields: [...fields].map(([name, counts]) => ({
      name,
      values: counts === null ? null : listed(counts, polygons),
    })),
    mosaics: mosaics.flatMap(({ id }) => {
      const count = met.get(id);
      return count === undefined ? [] : [{ mosaicId: id, polygons: count }];
    }),
    obstacle: placer.obstacle,
  };
}

function countValue(
  fields: Map<string, Map<string | null, number> | null>,
  name: string,
  value: string | null,
): void {
  if (!fields.has(name) && fields.size < mostFields) {
    fields.set(name, new Map());
  }
  const counts = fields.get(name);
  if (counts === undefined || counts === null) {
    return;
  }
  counts.set(value, (counts.get(value) ?? 0) + 1);
  if (counts.size > mostValues || (value !== null && value.length > longestValue)) {
    fields.set(name, null);
  }
}

/** The most frequent value first; features that lack the field altogether say nothing. */
function listed(
  counts: Map<string | null, number>,
  polygons: number,
): { readonly value: string | null; readonly polygons: number }[] {
  const told = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (told < polygons) {
    counts.set(null, (counts.get(null) ?? 0) + polygons - told);
  }
  return [...counts]
    .map(([value, count]) => ({ value, polygons: count }))
    .sort((first, second) => second.polygons - first.polygons);
}
