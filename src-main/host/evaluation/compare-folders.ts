import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { evaluationReport } from "#shared/metrics/build-report.ts";
import { countedClasses } from "#shared/metrics/confusion-matrix.ts";
import type { MaskEvaluation } from "#shared/metrics/mask-evaluation.ts";
import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";
import { IdPairs, mappedId, type ClassMapping } from "#shared/metrics/id-pairs.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Raster } from "../../raster/index.ts";
import {
  CLASSES_FILE,
  classesFromMasks,
  isRasterName,
  maskDisagreement,
  openMask,
  readClassesFile,
} from "../projects/index.ts";
import { eachComparedBand } from "./compared-rasters.ts";
import { renamedClasses, unknownValues } from "./evaluate-masks.ts";
import { ownIds, resampledIds } from "./resampled-ids.ts";

/** What comparing two sets of masks came to. */
export interface FolderComparison {
  readonly report: EvaluationReport;
  /** Pairs that were compared, by name. */
  readonly compared: readonly string[];
  /** Names that only one side has. */
  readonly withoutPrediction: readonly string[];
  readonly withoutTruth: readonly string[];
  /** Names whose prediction lies on another grid, and was resampled. */
  readonly resampled: readonly string[];
  /** Predicted ids on labelled ground that are no class of the truth, the most frequent first. */
  readonly unknown: MaskEvaluation["unknown"];
  /** Ids that the prediction's file calls by another name than the truth. */
  readonly renamed: MaskEvaluation["renamed"];
}

export interface CompareOptions {
  /** What a predicted value means, where that isn't the class of this id. */
  readonly mapping?: ClassMapping | undefined;
  /** What is done with a prediction on another grid than its truth: refused, or resampled to it by the nearest pixel. */
  readonly otherGrids?: "refuse" | "nearest" | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (share: number, detail: string) => void;
}

interface MaskPair {
  readonly name: string;
  readonly truthPath: string;
  readonly predictionPath: string;
}

/** The masks of one side by name; several of one name differ in their extensions. */
export interface MaskFiles {
  readonly folder: string;
  readonly isFile: boolean;
  readonly paths: ReadonlyMap<string, readonly string[]>;
}

/**
 * Compares masks matched by file name, extension aside, window by window. Each side is a folder or one file. Classes come from `classes.json` beside the truth (in
 * its folder or the one above), else its colour table and names, else the values found; ignored ones and 255 are left out. Throws `invalid-input` where nothing
 * matches, where a name stands for several files of a side, or a pair differs in size or place unless `otherGrids` says what to do.
 *
 * Each pixel is read once: pairs of ids are counted, and what is a class is found afterwards.
 */
export async function compareFolders(
  truth: string,
  prediction: string,
  options: CompareOptions = {},
): Promise<FolderComparison> {
  const truthFiles = await maskFiles(truth);
  const predictionFiles = await maskFiles(prediction);
  const isSinglePair = truthFiles.isFile && predictionFiles.isFile;
  const pairs: MaskPair[] = [];
  const withoutPrediction: string[] = [];
  for (const [name, truths] of truthFiles.paths) {
    const predictions = isSinglePair
      ? [...predictionFiles.paths.values()][0]
      : predictionFiles.paths.get(name);
    if (predictions === undefined) {
      withoutPrediction.push(name);
    } else {
      pairs.push({
        name,
        truthPath: onlyOne(truths, "truth"),
        predictionPath: onlyOne(predictions, "prediction"),
      });
    }
  }
  if (pairs.length === 0) {
    throw new RpcError(
      "invalid-input",
      `No mask in ${prediction} has the name of one in ${truth} (${truthFiles.paths.size} there, ${predictionFiles.paths.size} here).`,
    );
  }
  const listed = await listedClasses(truthFiles.folder);
  const counts = new IdPairs();
  const legends: Raster["description"][] = [];
  const resampled: string[] = [];
  const predictionNames: Record<string, string> = {};
  for (const [index, pair] of pairs.entries()) {
    const counted = await addPair(counts, pair, {
      ...options,
      onProgress: (share) => options.onProgress?.((index + share) / pairs.length, pair.name),
    });
    legends.push(...counted.legends);
    Object.assign(predictionNames, counted.legends[1].categoryNames);
    if (counted.isResampled) {
      resampled.push(pair.name);
    }
  }
  const { mapping = {} } = options;
  const all =
    listed ??
    classesFromMasks(
      legends,
      new Set([
        ...counts.ids("truth"),
        ...counts.ids("prediction").flatMap((id) => mappedId(mapping, id) ?? []),
      ]),
    ).classes;
  const classes = countedClasses(all);
  if (classes.length === 0) {
    throw new RpcError(
      "invalid-input",
      `The masks in ${truth} have no class that counts: all are ignored or unlabelled.`,
    );
  }
  const compared = pairs.map(({ name }) => name);
  return {
    report: evaluationReport(
      counts.matrix(
        classes.map(({ id }) => id),
        mapping,
      ),
      classes,
    ),
    compared,
    withoutPrediction,
    withoutTruth: isSinglePair
      ? []
      : [...predictionFiles.paths.keys()].filter((name) => !truthFiles.paths.has(name)),
    resampled,
    unknown: unknownValues(counts, all, mapping),
    renamed: renamedClasses(all, predictionNames, mapping),
  };
}

/** Counts a pair; answers the files' descriptions, truth first, and whether the prediction was resampled. */
async function addPair(
  counts: IdPairs,
  { truthPath, predictionPath }: MaskPair,
  options: Pick<CompareOptions, "signal" | "otherGrids"> & { readonly onProgress: (share: number) => void },
): Promise<{
  readonly legends: readonly [Raster["description"], Raster["description"]];
  readonly isResampled: boolean;
}> {
  const { signal } = options;
  const truth = await openMask(truthPath, { signal });
  try {
    const prediction = await openMask(predictionPath, { signal });
    try {
      const disagreement = maskDisagreement(truth.description, prediction.description);
      if (disagreement !== null && options.otherGrids !== "nearest") {
        throw new RpcError(
          "invalid-input",
          `${predictionPath} can't be compared with ${truthPath}: ${disagreement.replace("its image", "the truth").replace("mask is", "the prediction is").replace("mask lies", "the prediction lies")}. Resampled to the truth's grid by the nearest pixel, it could be.`,
        );
      }
      const readPrediction =
        disagreement === null
          ? ownIds(prediction, { signal })
          : resampledIds(prediction, truth.description, { names: [predictionPath, truthPath], signal });
      await eachComparedBand(
        {
          size: truth.description,
          truth: ownIds(truth, { signal }),
          prediction: async (pixelWindow) => ({ ids: await readPrediction(pixelWindow), confidence: null }),
        },
        (window) => {
          counts.add(window.truth, window.prediction);
        },
        { signal, onProgress: options.onProgress },
      );
      return { legends: [truth.description, prediction.description], isResampled: disagreement !== null };
    } finally {
      await prediction.close();
    }
  } finally {
    await truth.close();
  }
}

/** The one file of a name: a number that came from the wrong one of two would look like any other. */
function onlyOne(filePaths: readonly string[], side: "truth" | "prediction"): string {
  const [filePath, ...others] = filePaths;
  if (filePath === undefined || others.length > 0) {
    const names = filePaths.map((each) => path.basename(each)).join(" and ");
    throw new RpcError(
      "invalid-input",
      `${path.dirname(filePath ?? "")} holds ${names}: which of them is the ${side} can't be told. Move one away, or give the file itself with --${side}.`,
    );
  }
  return filePath;
}

/** Masks by name; a confidence raster beside a mask isn't one. Throws `not-found`. */
export async function maskFiles(given: string): Promise<MaskFiles> {
  const absolute = path.resolve(given);
  const found = await stat(absolute).catch(() => null);
  if (found === null) {
    throw new RpcError("not-found", `There is no file or folder ${given}.`);
  }
  if (found.isFile()) {
    return {
      folder: path.dirname(absolute),
      isFile: true,
      paths: new Map([[path.parse(absolute).name, [absolute]]]),
    };
  }
  const names = (await readdir(absolute)).filter((name) => isRasterName(name)).toSorted();
  const stems = new Set(names.map((name) => path.parse(name).name));
  const masks = names.filter((name) => {
    const stem = path.parse(name).name;
    return !(stem.endsWith("_confidence") && stems.has(stem.slice(0, -"_confidence".length)));
  });
  const paths = new Map<string, string[]>();
  for (const name of masks) {
    const stem = path.parse(name).name;
    paths.set(stem, [...(paths.get(stem) ?? []), path.join(absolute, name)]);
  }
  return {
    folder: absolute,
    isFile: false,
    paths,
  };
}

/** The classes of `classes.json` beside the truth, or one folder up; null where there is none. */
async function listedClasses(folder: string): Promise<readonly LandClass[] | null> {
  for (const candidate of [folder, path.dirname(folder)]) {
    const filePath = path.join(candidate, CLASSES_FILE);
    const listed = await readClassesFile(filePath);
    switch (listed.kind) {
      case "ok":
        return listed.classes;
      case "damaged":
        throw new RpcError("invalid-input", `${filePath} can't be used: ${listed.reason}.`);
      case "none":
        break;
    }
  }
  return null;
}
