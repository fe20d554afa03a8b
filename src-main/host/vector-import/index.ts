import path from "node:path";
import { crsLabel, isProjectable, type Crs } from "#shared/geo/crs.ts";
import type { PaintRules } from "#shared/labels/label-edit.ts";
import {
  fieldValueText,
  type VectorInspection,
  type VectorMapping,
  type VectorReport,
  type VectorTarget,
} from "#shared/labels/vector-import.ts";
import { defaultColor } from "#shared/project/default-palette.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { crsFromEpsg, openVectors, type VectorFile, type VectorLayer } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";
import { burnLayer, type BurnRequest, type BurnTarget } from "./burn-layer.ts";
import { inspectLayer } from "./inspect-layer.ts";

/** Which layer of which file, and in which system its coordinates are where the file doesn't say. */
export interface NamedLayer {
  readonly filePath: string;
  /** Null for the first. */
  readonly layerName: string | null;
  /** An EPSG code that counts instead of the file's own; null to believe the file. */
  readonly crsCode: number | null;
}

/** What is imported, as page and command line ask for it. */
export interface VectorImport extends NamedLayer {
  readonly mapping: VectorMapping;
  readonly mosaicIds: readonly string[];
  readonly rules: PaintRules;
}

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/** The layers of a vector file. */
export async function listVectorLayers(filePath: string): Promise<{
  readonly format: VectorFile["format"];
  readonly layers: { name: string; crs: Crs }[];
}> {
  const file = await openVectors(filePath);
  try {
    return { format: file.format, layers: file.layers.map(({ name, crs }) => ({ name, crs })) };
  } finally {
    await file.close();
  }
}

/** What is in a layer: its fields, and how its polygons lie to the project's mosaics. */
export function inspectVectors(
  project: Project,
  named: NamedLayer,
  options: Options = {},
): Promise<VectorInspection> {
  return withLayer(named, options, (layer, crs) => inspectLayer(layer, crs, readyMosaics(project), options));
}

/** Burns a layer into labels; classes that are to be new are made first. Throws `invalid-input` for what doesn't fit the project or the file. */
export function importVectors(
  project: Project,
  { mapping, mosaicIds, rules, ...named }: VectorImport,
  options: Options & { readonly onProgress?: ((share: number, detail: string) => void) | undefined } = {},
): Promise<VectorReport> {
  return withLayer(named, options, async (layer, crs) => {
    const { classes, newClasses, idOf } = withNewClasses(project.snapshot().classes, mapping);
    if (newClasses.length > 0) {
      await project.setClasses(classes);
    }
    const report = await burnLayer(
      project,
      { layer, crs, targetOf: targetsOf(mapping, idOf), mosaicIds, rules },
      options,
    );
    return { ...report, newClasses };
  });
}

async function withLayer<Result>(
  { filePath, layerName, crsCode }: NamedLayer,
  { signal }: Options,
  work: (layer: VectorLayer, crs: Crs) => Promise<Result>,
): Promise<Result> {
  const file = await openVectors(filePath, { signal });
  try {
    const layer = layerName === null ? file.layers[0] : file.layers.find(({ name }) => name === layerName);
    if (layer === undefined) {
      throw new RpcError(
        "not-found",
        `${path.basename(filePath)} has no layer ${layerName ?? ""}; there ${file.layers.length === 1 ? "is" : "are"} ${file.layers.map(({ name }) => name).join(", ")}.`,
      );
    }
    const crs = crsCode === null ? layer.crs : crsFromEpsg(crsCode);
    if (crsCode !== null && !isProjectable(crs)) {
      throw new RpcError("invalid-input", `EPSG:${crsCode} can't be used: ${crsLabel(crs)}.`);
    }
    return await work(layer, crs);
  } finally {
    await file.close();
  }
}

function readyMosaics(project: Project): ReadyMosaic[] {
  return project.snapshot().mosaics.filter((mosaic) => mosaic.kind === "ready");
}

function targetsOf(
  mapping: VectorMapping,
  idOf: (target: VectorTarget) => BurnTarget,
): BurnRequest["targetOf"] {
  if (mapping.kind === "all") {
    const target = idOf(mapping.target);
    return () => target;
  }
  const targets = new Map(mapping.targets.map(({ value, target }) => [value, idOf(target)] as const));
  return (values) => targets.get(fieldValueText(values.get(mapping.field))) ?? "unmapped";
}

/** The project's classes with those that a mapping adds, and what each of its targets comes to. */
function withNewClasses(
  present: readonly LandClass[],
  mapping: VectorMapping,
): {
  readonly classes: LandClass[];
  readonly newClasses: string[];
  readonly idOf: (target: VectorTarget) => BurnTarget;
} {
  const classes = [...present];
  const newClasses: string[] = [];
  const targets = mapping.kind === "all" ? [mapping.target] : mapping.targets.map(({ target }) => target);
  const named = (name: string): LandClass | undefined =>
    classes.find((item) => item.name.toLowerCase() === name.toLowerCase());
  for (const target of targets) {
    if (target.kind === "class" && !classes.some(({ id }) => id === target.classId)) {
      throw new RpcError("invalid-input", `There is no class with the id ${target.classId}.`);
    }
    if (target.kind === "new" && named(target.name) === undefined) {
      const used = new Set(classes.map(({ color }) => color));
      const color =
        Array.from({ length: 64 }, (_, turn) => defaultColor(turn)).find((item) => !used.has(item)) ??
        defaultColor(classes.length);
      classes.push({ id: freeId(classes), name: target.name, color, ignore: false });
      newClasses.push(target.name);
    }
  }
  return {
    classes,
    newClasses,
    idOf: (target) => {
      switch (target.kind) {
        case "class":
          return target.classId;
        case "new":
          return named(target.name)?.id ?? "unmapped";
        case "ignore":
          return "ignored";
      }
    },
  };
}

function freeId(classes: readonly LandClass[]): number {
  const taken = new Set(classes.map(({ id }) => id));
  for (let id = 0; id < 255; id++) {
    if (!taken.has(id)) {
      return id;
    }
  }
  throw new RpcError(
    "invalid-input",
    "All 255 ids of classes are taken: map some values to classes that there are.",
  );
}
