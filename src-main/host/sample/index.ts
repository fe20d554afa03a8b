import { stat } from "node:fs/promises";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { LandClass } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { createGeoTiffWriter, crsFromEpsg, geoTagsFor } from "../../raster/index.ts";
import type { GeoTiffWriter } from "../../raster/index.ts";
import { writeFileWhole } from "../write-file-whole.ts";
import { buildingsWithin, drawBuilding } from "./buildings.ts";
import { classId, createCanvas, METERS_PER_PIXEL } from "./canvas.ts";
import { Fields } from "./fields.ts";
import { drawGround } from "./ground.ts";
import { Landscape } from "./landscape.ts";
import { MARGIN_PIXELS, photograph } from "./light.ts";
import { drawTree, treesWithin } from "./trees.ts";
import { makeFolder } from "../make-folder.ts";

/** What is drawn when nothing else is asked for. */
export const sampleDefaults = { sizePixels: 2048, mosaics: 2, seed: 7 } as const;

/** The classes of the sample, with the ids of LandCover.ai. */
export const sampleClasses: readonly LandClass[] = [
  { id: classId.background, name: "background", color: "#b7a98c", ignore: false },
  { id: classId.building, name: "building", color: "#d55e00", ignore: false },
  { id: classId.woodland, name: "woodland", color: "#009e73", ignore: false },
  { id: classId.water, name: "water", color: "#0072b2", ignore: false },
  { id: classId.road, name: "road", color: "#f0e442", ignore: false },
];

export interface SampleOptions {
  /** Side of each mosaic in pixels. */
  readonly sizePixels: number;
  readonly mosaics: number;
  /** The same seed draws the same country, to the last bit. */
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number, detail: string) => void;
}

/** What was written; names are relative to the folder. */
export interface Sample {
  readonly mosaics: readonly {
    readonly name: string;
    readonly image: string;
    readonly mask: string;
    readonly width: number;
    readonly height: number;
  }[];
  readonly classes: readonly LandClass[];
}

/** Upper left corner of the first mosaic in EPSG:2180: farmland east of Mińsk Mazowiecki. */
const WEST = 681_250;
const NORTH = 479_900;
const EPSG = 2180;
const TILE_PIXELS = 512;
/** Pixels drawn at once, a side: whole tiles, and little enough for any memory. */
const BLOCK_PIXELS = 1024;
const CLASSES_FILE = "classes.json";

/**
 * Draws mosaics of a made-up country with their exact masks: `images/`, `masks/` and `classes.json` in `directory`.
 *
 * Rejects with `conflict` when one of the files is there already: nothing is ever overwritten.
 */
export async function drawSample(directory: string, options: SampleOptions): Promise<Sample> {
  const { sizePixels, mosaics, seed, signal } = options;
  const landscape = new Landscape({ seed, sideMeters: sizePixels * METERS_PER_PIXEL, mosaics });
  const names = Array.from({ length: mosaics }, (_, index) => `sample-${index + 1}`);
  const written = names.map((name) => ({
    name,
    image: `images/${name}.tif`,
    mask: `masks/${name}.tif`,
    width: sizePixels,
    height: sizePixels,
  }));
  for (const file of [...written.flatMap(({ image, mask }) => [image, mask]), CLASSES_FILE]) {
    if (await exists(path.join(directory, file))) {
      throw new RpcError(
        "conflict",
        `${path.join(directory, file)} is there already; choose an empty folder.`,
      );
    }
  }
  await makeFolder(path.join(directory, "images"));
  await makeFolder(path.join(directory, "masks"));
  for (const [index, files] of written.entries()) {
    await drawMosaic(directory, files, landscape, index, {
      ...(signal === undefined ? {} : { signal }),
      onProgress: (share) =>
        options.onProgress?.((index + share) / mosaics, `mosaic ${index + 1} of ${mosaics}`),
    });
  }
  // Last: a folder with it is complete.
  await writeFileWhole(path.join(directory, CLASSES_FILE), `${JSON.stringify(sampleClasses, null, 2)}\n`);
  return { mosaics: written, classes: sampleClasses };
}

/** Draws the default sample unless it is there already. */
export async function provideSample(directory: string): Promise<void> {
  if (await exists(path.join(directory, CLASSES_FILE))) {
    return;
  }
  await drawSample(directory, sampleDefaults);
}

async function drawMosaic(
  directory: string,
  files: Sample["mosaics"][number],
  landscape: Landscape,
  index: number,
  options: { readonly signal?: AbortSignal; readonly onProgress: (share: number) => void },
): Promise<void> {
  const { width, height } = files;
  const leftPixels = Math.round(landscape.mosaicLeft(index) / METERS_PER_PIXEL);
  const shared = {
    width,
    height,
    dtype: "uint8",
    geoTags: geoTagsFor(
      [METERS_PER_PIXEL, 0, WEST + leftPixels * METERS_PER_PIXEL, 0, -METERS_PER_PIXEL, NORTH],
      crsFromEpsg(EPSG),
    ),
    tileSize: TILE_PIXELS,
    compression: "deflate",
    metadata: { SAMPLE: `drawn by Orthomask, seed ${landscape.seed}; no real place` },
  } as const;
  const image = await createGeoTiffWriter(path.join(directory, files.image), {
    ...shared,
    bands: 3,
    predictor: "horizontal",
    overviews: "average",
  });
  const mask = await createGeoTiffWriter(path.join(directory, files.mask), {
    ...shared,
    bands: 1,
    colorTable: Object.fromEntries(sampleClasses.map(({ id, color }) => [String(id), color])),
    categoryNames: Object.fromEntries(sampleClasses.map(({ id, name }) => [String(id), name])),
    overviews: "mode",
  });
  try {
    const fields = new Fields(landscape.seed, 0.33 * Math.max(landscape.sideMeters, 384));
    let done = 0;
    for (let y = 0; y < height; y += BLOCK_PIXELS) {
      for (let x = 0; x < width; x += BLOCK_PIXELS) {
        options.signal?.throwIfAborted();
        const block = {
          x,
          y,
          width: Math.min(BLOCK_PIXELS, width - x),
          height: Math.min(BLOCK_PIXELS, height - y),
        };
        const drawn = drawBlock(landscape, fields, { ...block, x: leftPixels + x });
        await writeTiles(image, drawn.picture, block, 3);
        await writeTiles(mask, drawn.classes, block, 1);
        done += block.width * block.height;
        options.onProgress((0.95 * done) / (width * height));
        // Whoever shares the process gets a turn between blocks.
        await nextTurn();
      }
    }
    await mask.finish();
    await image.finish();
    options.onProgress(1);
  } catch (error) {
    await mask.abort();
    await image.abort();
    throw error;
  }
}

interface Block {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A block of the country, in world pixels, as picture and mask. */
function drawBlock(
  landscape: Landscape,
  fields: Fields,
  { x, y, width, height }: Block,
): { readonly picture: Uint8Array; readonly classes: Uint8Array } {
  const canvas = createCanvas(
    x - MARGIN_PIXELS,
    y - MARGIN_PIXELS,
    width + 2 * MARGIN_PIXELS,
    height + 2 * MARGIN_PIXELS,
  );
  const area = {
    west: canvas.left * METERS_PER_PIXEL,
    east: (canvas.left + canvas.width) * METERS_PER_PIXEL,
    north: canvas.top * METERS_PER_PIXEL,
    south: (canvas.top + canvas.height) * METERS_PER_PIXEL,
  };
  drawGround(canvas, landscape, fields);
  const buildings = buildingsWithin(landscape, area);
  for (const building of buildings) {
    drawBuilding(canvas, building);
  }
  for (const tree of treesWithin(landscape, area, buildings)) {
    drawTree(canvas, landscape, tree);
  }
  const classes = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (row + MARGIN_PIXELS) * canvas.width + MARGIN_PIXELS;
    classes.set(canvas.classes.subarray(from, from + width), row * width);
  }
  return { picture: photograph(canvas, landscape.seed), classes };
}

/** Cuts a block into the writer's tiles. */
async function writeTiles(
  writer: GeoTiffWriter,
  samples: Uint8Array,
  block: Block,
  bands: number,
): Promise<void> {
  const writes: Promise<void>[] = [];
  for (let top = 0; top < block.height; top += TILE_PIXELS) {
    for (let left = 0; left < block.width; left += TILE_PIXELS) {
      const width = Math.min(TILE_PIXELS, block.width - left);
      const height = Math.min(TILE_PIXELS, block.height - top);
      const tile = new Uint8Array(width * height * bands);
      for (let row = 0; row < height; row++) {
        const from = ((top + row) * block.width + left) * bands;
        tile.set(samples.subarray(from, from + width * bands), row * width * bands);
      }
      writes.push(writer.writeTile((block.x + left) / TILE_PIXELS, (block.y + top) / TILE_PIXELS, tile));
    }
  }
  await Promise.all(writes);
}

async function exists(filePath: string): Promise<boolean> {
  return stat(filePath).then(
    () => true,
    () => false,
  );
}
