import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { ClassGrid } from "../../raster/index.ts";
import { runFiles } from "../runs/index.ts";
import { writeFileWhole } from "../write-file-whole.ts";
import { makeFolder } from "../make-folder.ts";

/** What is known of a prediction besides its pixels; `prediction.json` beside the class grid. */
const predictionRecordSchema = z.object({
  version: z.literal(1),
  complete: z.boolean(),
  revision: z.int(),
  /** The epoch whose weights made it. */
  epoch: z.int(),
  overlap: z.number(),
});
export type PredictionRecord = z.infer<typeof predictionRecordSchema>;

/** A prediction of one mosaic by one run, on disk. */
export interface StoredPrediction {
  readonly mosaicId: string;
  readonly record: PredictionRecord;
  readonly grid: ClassGrid;
}

const RECORD_FILE = "prediction.json";
const GRID_FOLDER = "classes";

/** All predictions in a run's folder; what can't be read is no prediction. */
export async function listPredictions(runDirectory: string): Promise<StoredPrediction[]> {
  const mosaicIds = await predictedMosaics(runDirectory);
  const found = await Promise.all(mosaicIds.map((mosaicId) => openPrediction(runDirectory, mosaicId)));
  return found.filter((prediction) => prediction !== null);
}

/** The mosaics that a run's folder has predictions of, finished or not. */
export async function predictedMosaics(runDirectory: string): Promise<string[]> {
  const names = await readdir(path.join(runDirectory, runFiles.predictions)).catch((): string[] => []);
  return names.map((name) => decodeURIComponent(name));
}

/** The file that says how far a prediction is. */
export function recordPath(runDirectory: string, mosaicId: string): string {
  return path.join(predictionFolder(runDirectory, mosaicId), RECORD_FILE);
}

/** The prediction of a mosaic, null where there is none that can be read. */
export async function openPrediction(
  runDirectory: string,
  mosaicId: string,
): Promise<StoredPrediction | null> {
  const folder = predictionFolder(runDirectory, mosaicId);
  try {
    const record = predictionRecordSchema.parse(
      JSON.parse(await readFile(path.join(folder, RECORD_FILE), "utf8")),
    );
    return { mosaicId, record, grid: await ClassGrid.open(path.join(folder, GRID_FOLDER)) };
  } catch {
    return null;
  }
}

/** Starts a prediction anew, in place of one that may be there. */
export async function createPrediction(
  runDirectory: string,
  mosaicId: string,
  size: { readonly width: number; readonly height: number },
  record: PredictionRecord,
): Promise<StoredPrediction> {
  const folder = predictionFolder(runDirectory, mosaicId);
  await rm(folder, { recursive: true, force: true });
  await makeFolder(folder);
  const { width, height } = size;
  const grid = await ClassGrid.create(path.join(folder, GRID_FOLDER), {
    width,
    height,
    confidence: true,
    entropy: true,
  });
  await writeRecord(runDirectory, mosaicId, record);
  return { mosaicId, record, grid };
}

export async function writeRecord(
  runDirectory: string,
  mosaicId: string,
  record: PredictionRecord,
): Promise<void> {
  await writeFileWhole(
    path.join(predictionFolder(runDirectory, mosaicId), RECORD_FILE),
    JSON.stringify(record),
  );
}

export async function removePrediction(runDirectory: string, mosaicId: string): Promise<void> {
  await rm(predictionFolder(runDirectory, mosaicId), { recursive: true, force: true });
}

/** Ids come from file names, which may hold anything. */
function predictionFolder(runDirectory: string, mosaicId: string): string {
  return path.join(runDirectory, runFiles.predictions, encodeURIComponent(mosaicId));
}
