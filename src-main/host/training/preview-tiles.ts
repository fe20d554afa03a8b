import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { PreviewTile } from "#shared/training/run.ts";
import type { LabelKnowledge, ValidationTile } from "#shared/training/tile-split.ts";
import type { TileBatch, TileFeed } from "../network-tiles/index.ts";
import type { Trainer } from "../engine/index.ts";
import type { TrainingData } from "./training-data.ts";

/** How many tiles are shown after each epoch. */
const PREVIEWS = 4;

/** Which validation tiles to show: those with the most classes, spread over the list, the same in every epoch. */
export function choosePreviewTiles(
  tiles: readonly ValidationTile[],
  labels: LabelKnowledge | null,
): number[] {
  const count = Math.min(PREVIEWS, tiles.length);
  return Array.from({ length: count }, (_, part) => {
    const first = Math.floor((part * tiles.length) / count);
    const end = Math.floor(((part + 1) * tiles.length) / count);
    let best = first;
    for (let index = first; index < end; index++) {
      if (richness(tiles[index], labels) > richness(tiles[best], labels)) {
        best = index;
      }
    }
    return best;
  });
}

/** Number of classes, ties going to the tile whose largest class is smallest. */
function richness(tile: ValidationTile | undefined, labels: LabelKnowledge | null): number {
  if (tile === undefined || labels === null) {
    return 0;
  }
  const pixels = labels.classPixels(tile.mosaicId, tile.pixelWindow);
  const present = pixels.filter((count) => count > 0);
  const whole = present.reduce((sum, count) => sum + count, 0);
  return present.length - (whole === 0 ? 0 : Math.max(...present) / whole);
}

/** Validation tiles with the network's answer to them, as the page shows them; at most `batch` go through the network at once. */
export async function previewTiles(
  tileIndices: readonly number[],
  data: Pick<TrainingData, "split" | "shape" | "counted">,
  validation: TileFeed,
  trainer: Trainer,
  batch: number,
): Promise<PreviewTile[]> {
  const previews: PreviewTile[] = [];
  for (let first = 0; first < tileIndices.length; first += batch) {
    const tiles = await validation.batchOf(tileIndices.slice(first, first + batch));
    const { prediction } = await trainer.evaluate(tiles, { predict: true });
    for (const [slot, tileIndex] of tiles.tileIndices.entries()) {
      const tile = data.split.validation[tileIndex];
      if (tile !== undefined && prediction !== null) {
        previews.push(previewTile(tile, tiles, prediction, slot, data));
      }
    }
  }
  return previews;
}

function previewTile(
  tile: ValidationTile,
  { images, channels }: TileBatch,
  prediction: Uint8Array,
  slot: number,
  { shape, counted }: Pick<TrainingData, "shape" | "counted">,
): PreviewTile {
  const { inputPixels, networkPixels } = shape;
  const bands = shape.bands.length;
  const pixels = inputPixels ** 2;
  const image = new Uint8Array(pixels * 3);
  // Floats were normalized so that 0–1 is what is worth seeing.
  const scale = images instanceof Uint8Array ? 1 : 255;
  const start = slot * networkPixels ** 2;
  // What the network's square has beyond the tile isn't shown.
  const sourceOf = (pixel: number): number =>
    start + Math.floor(pixel / inputPixels) * networkPixels + (pixel % inputPixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let color = 0; color < 3; color++) {
      const band = bands >= 3 ? color : 0;
      const value = images[sourceOf(pixel) * bands + band] ?? 0;
      image[pixel * 3 + color] = Math.min(255, Math.max(0, Math.round(value * scale)));
    }
  }
  const toIds = (all: Uint8Array): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(
      { length: pixels },
      (_, pixel) => counted[all[sourceOf(pixel)] ?? UNLABELLED_ID]?.id ?? UNLABELLED_ID,
    );
  return {
    mosaicId: tile.mosaicId,
    pixelWindow: tile.pixelWindow,
    width: inputPixels,
    height: inputPixels,
    image,
    truth: toIds(channels),
    prediction: toIds(prediction),
  };
}
