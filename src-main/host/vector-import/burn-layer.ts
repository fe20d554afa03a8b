import type { Crs } from "#shared/geo/crs.ts";
import type { PaintRules } from "#shared/labels/label-edit.ts";
import { paintableIds } from "#shared/labels/paint-pixels.ts";
import type { VectorReport } from "#shared/labels/vector-import.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { Breather, type VectorLayer, type VectorValue } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";
import { BurnBuffer } from "./burn-buffer.ts";
import { PolygonPlacer } from "./place-polygons.ts";

/** What polygons become: a class's id, or why nothing. */
export type BurnTarget = number | "ignored" | "unmapped";

/** What is burned, into what. */
export interface BurnRequest {
  readonly layer: VectorLayer;
  /** The layer's own, or the one that the user has named for it. */
  readonly crs: Crs;
  readonly targetOf: (values: ReadonlyMap<string, VectorValue>) => BurnTarget;
  readonly mosaicIds: readonly string[];
  readonly rules: PaintRules;
}

interface Options {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((share: number, detail: string) => void) | undefined;
}

/** Reading takes about so much of the whole; the rest is writing labels. */
const readingShare = 0.8;
const stepName = "Import polygons";

/**
 * Burns the polygons of a layer into labels, in the order of the features, by the pixels' centres: one step that can be undone for each mosaic
 * whose labels change. Nothing has changed when it is cancelled while reading; of what was written, whole mosaics are.
 */
export async function burnLayer(
  project: Project,
  { layer, crs, targetOf, mosaicIds, rules }: BurnRequest,
  { signal, onProgress }: Options = {},
): Promise<Omit<VectorReport, "newClasses">> {
  const mosaics = mosaicIds.map((id) => project.mosaic(id));
  const placer = new PolygonPlacer(crs, mosaics);
  if (!placer.isUsable) {
    throw new RpcError("invalid-input", placer.obstacle ?? "There is no mosaic to put polygons on.");
  }
  const buffers = new Map(mosaics.map(({ id, image }) => [id, new BurnBuffer(image)]));
  const report = {
    features: 0,
    burned: 0,
    outside: 0,
    withoutGeometry: 0,
    notPolygons: 0,
    ignored: 0,
    unmapped: 0,
    unplaced: 0,
  };
  const breather = new Breather();
  const features = layer.features({
    signal,
    onProgress: (share) =>
      onProgress?.(share * readingShare, `${report.features.toLocaleString("en")} polygons`),
  });
  for await (const { values, geometry } of features) {
    await breather.pause();
    signal?.throwIfAborted();
    report.features += 1;
    if (geometry.kind !== "polygons") {
      report[geometry.kind === "none" ? "withoutGeometry" : "notPolygons"] += 1;
      continue;
    }
    const target = targetOf(values);
    if (typeof target !== "number") {
      report[target] += 1;
      continue;
    }
    const placed = placer.place(geometry.polygons);
    if (placed === null) {
      report.unplaced += 1;
      continue;
    }
    let pixels = 0;
    for (const { mosaicId, polygons } of placed) {
      for (const rings of polygons) {
        pixels += buffers.get(mosaicId)?.burn(rings, target) ?? 0;
        await breather.pause();
      }
    }
    report[pixels > 0 ? "burned" : "outside"] += 1;
  }
  const written: { mosaicId: string; pixels: number }[] = [];
  for (const [index, { id, name }] of mosaics.entries()) {
    onProgress?.(readingShare + ((1 - readingShare) * index) / mosaics.length, name);
    const pixels = await store(project, id, buffers.get(id) as BurnBuffer, rules, signal);
    if (pixels > 0) {
      written.push({ mosaicId: id, pixels });
    }
  }
  return { ...report, mosaics: written };
}

/** Makes what was burned the labels of a mosaic where the rules allow it; answers how many pixels changed. */
async function store(
  project: Project,
  mosaicId: string,
  buffer: BurnBuffer,
  rules: PaintRules,
  signal: AbortSignal | undefined,
): Promise<number> {
  const paintable = paintableIds(rules);
  let pixels = 0;
  await project.labels.change(mosaicId, { name: stepName, editId: null }, buffer.window, (window, ids) => {
    signal?.throwIfAborted();
    const burned = buffer.read(window);
    if (burned === null) {
      return;
    }
    for (let pixel = 0; pixel < ids.length; pixel++) {
      const id = burned[pixel] as number;
      const before = ids[pixel] as number;
      if (id !== UNLABELLED_ID && id !== before && paintable[before] === 1) {
        ids[pixel] = id;
        pixels += 1;
      }
    }
  });
  return pixels;
}
