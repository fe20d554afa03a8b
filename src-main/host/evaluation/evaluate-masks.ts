import { IdPairs, mappedId, type ClassMapping } from "#shared/metrics/id-pairs.ts";
import type { MaskEvaluation } from "#shared/metrics/mask-evaluation.ts";
import { UNLABELLED_ID, type LandClass } from "#shared/project/land-class.ts";
import { countedClasses } from "#shared/metrics/confusion-matrix.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Raster } from "../../raster/index.ts";
import { maskDisagreement, openMask } from "../projects/index.ts";
import type { IdSource } from "./compared-rasters.ts";
import { evaluateInDetail, type ComparedMosaic, type DetailOptions } from "./detail.ts";
import { ownIds, resampledIds } from "./resampled-ids.ts";
import type { RasterDescription } from "#shared/geo/raster-description.ts";

/** A labelled mosaic with the file that is held against it. */
export interface JudgedMosaic {
  readonly mosaicId: string;
  readonly name: string;
  readonly image: RasterDescription;
  readonly maskPath: string;
  readonly truth: IdSource;
  readonly pixelArea: ComparedMosaic["pixelArea"];
}

/** How a mask is read: what its values mean, and what is done with one on another grid. */
export interface MaskReading {
  readonly mapping: ClassMapping;
  readonly otherGrids: "refuse" | "nearest";
}

/** How masks are compared, and who looks on. */
export type MaskChoice = MaskReading & DetailOptions;

/** Reads the ids of an open mask on its mosaic's grid, as they stand in the file. Throws `conflict` for another grid unless it is to be resampled. */
export function maskIds(
  mask: Raster,
  { name, image, maskPath }: Pick<JudgedMosaic, "name" | "image" | "maskPath">,
  otherGrids: MaskReading["otherGrids"],
  options: { readonly signal?: AbortSignal | undefined },
): { readonly ids: IdSource; readonly isResampled: boolean } {
  const disagreement = maskDisagreement(image, mask.description);
  if (disagreement === null) {
    return { ids: ownIds(mask, options), isResampled: false };
  }
  if (otherGrids === "refuse") {
    throw new RpcError(
      "conflict",
      `${maskPath} lies on another grid than ${name}: the ${disagreement}. Resampled by the nearest pixel, it could be compared.`,
    );
  }
  return {
    ids: resampledIds(mask, image, { names: [maskPath, name], signal: options.signal }),
    isResampled: true,
  };
}

/** The class of each value of a mask, 255 for none. */
export function meantClasses(mapping: ClassMapping): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => mappedId(mapping, value) ?? UNLABELLED_ID);
}

/** Compares masks with labels in one pass. Throws `conflict` for a mask on another grid unless it is to be resampled. */
export async function evaluateMaskFiles(
  mosaics: readonly JudgedMosaic[],
  all: readonly LandClass[],
  { mapping, otherGrids, ...options }: MaskChoice,
): Promise<Omit<MaskEvaluation, "withoutMask">> {
  const classes = countedClasses(all);
  const counts = new IdPairs();
  const opened: Raster[] = [];
  const resampled: string[] = [];
  const names: Record<string, string> = {};
  const meant = meantClasses(mapping);
  try {
    const compared: ComparedMosaic[] = [];
    for (const judged of mosaics) {
      const { mosaicId, name, image, maskPath, truth, pixelArea } = judged;
      const mask = await openMask(maskPath, options);
      opened.push(mask);
      Object.assign(names, mask.description.categoryNames);
      const { ids, isResampled } = maskIds(mask, judged, otherGrids, options);
      if (isResampled) {
        resampled.push(name);
      }
      const readTruth = shared(truth);
      compared.push({
        ...{ mosaicId, size: image, truth: readTruth, pixelArea },
        prediction: async (pixelWindow) => {
          const [truthIds, found] = await Promise.all([readTruth(pixelWindow), ids(pixelWindow)]);
          counts.add(truthIds, found);
          return { ids: found.map((id) => meant[id]!), confidence: null };
        },
      });
    }
    const { detail } = await evaluateInDetail(compared, classes, options);
    return {
      detail,
      compared: mosaics.map(({ name }) => name),
      resampled,
      unknown: unknownValues(counts, all, mapping),
      renamed: renamedClasses(all, names, mapping),
    };
  } finally {
    await Promise.all(opened.map((mask) => mask.close()));
  }
}

/** Predicted values on ground that counts that mean no class, the most frequent first. */
export function unknownValues(
  counts: IdPairs,
  classes: readonly LandClass[],
  mapping: ClassMapping,
): MaskEvaluation["unknown"] {
  const known = new Set(classes.map(({ id }) => id));
  return counts.predicted(new Set(countedClasses(classes).map(({ id }) => id))).filter(({ id }) => {
    const meant = mappedId(mapping, id);
    return id !== UNLABELLED_ID && meant !== null && !known.has(meant);
  });
}

/** Ids that two sides call by different names, but for those that a mapping speaks of. */
export function renamedClasses(
  classes: readonly Pick<LandClass, "id" | "name">[],
  others: Readonly<Record<string, string>>,
  mapping: ClassMapping,
): MaskEvaluation["renamed"] {
  return classes.flatMap(({ id, name }) => {
    const other = others[String(id)];
    const isOther = other !== undefined && other.trim().toLowerCase() !== name.trim().toLowerCase();
    return isOther && mapping[String(id)] === undefined ? [{ id, truth: name, prediction: other }] : [];
  });
}

/** The same window isn't read twice: truth is asked for by the comparison and beside the prediction. */
function shared(read: IdSource): IdSource {
  let last: { readonly key: string; readonly ids: Promise<Uint8Array> } | null = null;
  return (pixelWindow) => {
    const key = JSON.stringify(pixelWindow);
    if (last?.key !== key) {
      last = { key, ids: read(pixelWindow) };
    }
    return last.ids;
  };
}
