import { realpath } from "node:fs/promises";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Run } from "#shared/training/run.ts";
import {
  createGeoTiffWriter,
  openRaster,
  probeEnd,
  sweepLeftovers,
  type GeoTiffWriter,
} from "../../raster/index.ts";
import { fileOptions, refuseForeignFile } from "../exports/index.ts";
import { fileError } from "../host-error.ts";
import { makeFolder } from "../make-folder.ts";
import { CHUNK_PIXELS } from "./prediction-grid.ts";
import type { TilePredictor } from "../engine/index.ts";
import { predictRaster } from "./predict-raster.ts";

export interface PredictFileOptions {
  readonly overlap: number;
  /** Also writes NAME_confidence.tif beside the mask. */
  readonly confidence: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (share: number) => void;
}

/** What became of one input. */
export interface PredictedFile {
  readonly input: string;
  readonly output: string;
  readonly seconds: number;
  readonly megapixelsPerSecond: number;
}

/**
 * Predicts a raster file into a class mask on its exact grid: a Cloud Optimized GeoTIFF of the same name in `outputFolder`, with colour table, class names and nodata
 * 255. Memory is bounded by tiles; nothing is left behind when it fails. Only earlier predictions are replaced. Throws `invalid-input` where the raster lacks a band
 * or its own file would be overwritten, and `conflict` where any other file that isn't our export would be.
 */
export async function predictFile(
  inputPath: string,
  outputFolder: string,
  {
    run,
    version,
    predictor,
  }: { readonly run: Run; readonly version: string; readonly predictor: TilePredictor },
  options: PredictFileOptions,
): Promise<PredictedFile> {
  const { signal } = options;
  const image = await openRaster(inputPath, { signal });
  const name = path.parse(inputPath).name;
  const output = path.join(outputFolder, `${name}.tif`);
  const confidencePath = path.join(outputFolder, `${name}_confidence.tif`);
  const writers: GeoTiffWriter[] = [];
  try {
    if (await isSameFile(output, inputPath)) {
      throw new RpcError("invalid-input", `${output} is the input itself: choose another folder with --out.`);
    }
    for (const written of options.confidence ? [output, confidencePath] : [output]) {
      await refuseForeignFile(written);
    }
    const { bands } = image.description;
    const highest = Math.max(...predictor.input.bands);
    if (highest >= bands) {
      throw new RpcError(
        "invalid-input",
        `${inputPath}: the network needs band ${highest + 1}, but the file has ${bands === 1 ? "one band" : `${bands} bands`}.`,
      );
    }
    if (predictor.input.normalization.kind === "uint8" && image.description.dtype !== "uint8") {
      throw new RpcError(
        "invalid-input",
        `${inputPath}: the network was trained on 8-bit imagery, but this is ${image.description.dtype}.`,
      );
    }
    await probeEnd(image, { signal });
    await makeFolder(outputFolder).catch((error: unknown) => {
      throw fileError(error, outputFolder);
    });
    await sweepLeftovers(outputFolder);
    const started = performance.now();
    const classes = await createGeoTiffWriter(output, fileOptions("classes", { image, run, version }));
    writers.push(classes);
    if (options.confidence) {
      writers.push(
        await createGeoTiffWriter(confidencePath, fileOptions("confidence", { image, run, version })),
      );
    }
    if (classes.tileSize !== CHUNK_PIXELS) {
      throw new Error(`tiles of ${classes.tileSize} px can't take chunks of ${CHUNK_PIXELS}`);
    }
    await predictRaster(
      image,
      predictor,
      { overlap: options.overlap, signal },
      async ({ column, row, ids, confidence }, done, total) => {
        await classes.writeTile(column, row, ids);
        await writers[1]?.writeTile(column, row, confidence);
        options.onProgress?.(done / total);
      },
    );
    // Both or neither: the mask gets its name when its confidence has.
    await classes.finish({
      signal,
      beforeRename: async () => {
        await writers[1]?.finish({ signal });
      },
    });
    const seconds = (performance.now() - started) / 1000;
    const { width, height } = image.description;
    return { input: inputPath, output, seconds, megapixelsPerSecond: (width * height) / 1e6 / seconds };
  } catch (error) {
    await Promise.all(writers.map((writer) => writer.abort()));
    throw error;
  } finally {
    await image.close();
  }
}

/** Whether two paths lead to one file, also through links. */
async function isSameFile(first: string, second: string): Promise<boolean> {
  const [firstPath, secondPath] = await Promise.all(
    [first, second].map((filePath) => realpath(filePath).catch(() => path.resolve(filePath))),
  );
  return firstPath === secondPath;
}
