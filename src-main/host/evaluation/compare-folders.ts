import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { evaluationReport } from "#shared/metrics/build-report.ts";
import { ConfusionMatrix, countedClasses } from "#shared/metrics/confusion-matrix.ts";
import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Raster } from "../../raster/index.ts";
import {
  CLASSES_FILE,
  classesFromMasks,
  countMask,
  isRasterName,
  maskDisagreement,
  openMask,
  readClassesFile,
  readMaskIds,
} from "../projects/index.ts";
import { eachComparedBand } from "./compared-rasters.ts";

/** What comparing two sets of masks came to. */
export interface FolderComparison {
  readonly report: EvaluationReport;
  /** Pairs that were compared, by name. */
  readonly compared: readonly string[];
  /** Names that only one side has. */
  readonly withoutPrediction: readonly string[];
  readonly withoutTruth: readonly string[];
}

export interface CompareOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (share: number, detail: string) => void;
}

interface MaskPair {
  readonly name: string;
  readonly truthPath: string;
  readonly predictionPath: string;
}

/** The masks of one side by name; several of one name differ in their extensions. */
interface MaskFiles {
  readonly folder: string;
  readonly isFile: boolean;
  readonly paths: ReadonlyMap<string, readonly string[]>;
}

/**
 * Compares masks matched by file name, extension aside, window by window. Each side is a folder or one file. Classes come from `classes.json` beside the truth (in
 * its folder or the one above), else its colour table and names, else the values found; ignored ones and 255 are left out. Throws `invalid-input` where nothing
 * matches, where a name stands for several files of a side, or a pair differs in size or place.
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
  const classes = countedClasses(await truthClasses(truthFiles.folder, pairs, options));
  if (classes.length === 0) {
    throw new RpcError(
      "invalid-input",
      `The masks in ${truth} have no class that counts: all are ignored or unlabelled.`,
    );
  }
  const matrix = new ConfusionMatrix(classes.map(({ id }) => id));
  for (const [index, pair] of pairs.entries()) {
    await addPair(matrix, pair, {
      signal: options.signal,
      onProgress: (share) => options.onProgress?.((index + share) / pairs.length, pair.name),
    });
  }
  const compared = pairs.map(({ name }) => name);
  return {
    report: evaluationReport(matrix, classes),
    compared,
    withoutPrediction,
    withoutTruth: isSinglePair
      ? []
      : [...predictionFiles.paths.keys()].filter((name) => !truthFiles.paths.has(name)),
  };
}

async function addPair(
  matrix: ConfusionMatrix,
  { truthPath, predictionPath }: MaskPair,
  options: { readonly signal: AbortSignal | undefined; readonly onProgress: (share: number) => void },
): Promise<void> {
  const truth = await openMask(truthPath, options);
  try {
    const prediction = await openMask(predictionPath, options);
    try {
      const disagreement = maskDisagreement(truth.description, prediction.description);
      if (disagreement !== null) {
        throw new RpcError(
          "invalid-input",
          `${predictionPath} can't be compared with ${truthPath}: ${disagreement.replace("its image", "the truth").replace("mask is", "the prediction is").replace("mask lies", "the prediction lies")}.`,
        );
      }
      const read =
        (mask: Raster) => async (pixelWindow: Parameters<Raster["readWindow"]>[0]["pixelWindow"]) =>
          (await readMaskIds(mask, { pixelWindow }, options)).ids;
      const readPrediction = read(prediction);
      await eachComparedBand(
        {
          size: truth.description,
          truth: read(truth),
          prediction: async (pixelWindow) => ({ ids: await readPrediction(pixelWindow), confidence: null }),
        },
        (window) => {
          matrix.add(window.truth, window.prediction);
        },
        options,
      );
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

/** Masks by name; a confidence raster beside a mask isn't one. */
async function maskFiles(given: string): Promise<MaskFiles> {
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

async function truthClasses(
  folder: string,
  pairs: readonly MaskPair[],
  { signal }: CompareOptions,
): Promise<readonly LandClass[]> {
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
  const legends: Raster["description"][] = [];
  const ids = new Set<number>();
  for (const { truthPath, predictionPath } of pairs) {
    for (const filePath of [truthPath, predictionPath]) {
      const mask = await openMask(filePath, { signal });
      try {
        legends.push(mask.description);
        for (const id of (await countMask(mask, { signal })).ids.keys()) {
          ids.add(id);
        }
      } finally {
        await mask.close();
      }
    }
  }
  return classesFromMasks(legends, ids).classes;
}
