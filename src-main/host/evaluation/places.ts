import { largestOf, PlaceFinder, type PlacesFound } from "#shared/metrics/connected-places.ts";
import { isSelected, type FoundPlaces, type PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import { eachComparedBand, type ComparedRasters, type ComparisonOptions } from "./compared-rasters.ts";

/** The largest connected areas of the chosen pixels over several mosaics: where on the map a cell of the confusion matrix comes from. */
export async function findPlaces(
  mosaics: readonly (ComparedRasters & { readonly mosaicId: string })[],
  classIds: readonly number[],
  { selection, most }: { readonly selection: PlaceSelection; readonly most: number },
  options: ComparisonOptions = {},
): Promise<FoundPlaces> {
  const isChosen = chosenPairs(classIds, (truthId, predictionId) =>
    isSelected(selection, truthId, predictionId),
  );
  const found: (readonly [string, PlacesFound])[] = [];
  for (const mosaic of mosaics) {
    const finder = new PlaceFinder(most);
    await eachComparedBand(
      mosaic,
      ({ truth, prediction, width }) => {
        const chosen = new Uint8Array(truth.length);
        for (let pixel = 0; pixel < chosen.length; pixel++) {
          chosen[pixel] = isChosen[(truth[pixel]! << 8) | prediction[pixel]!]!;
        }
        finder.addRows(chosen, width);
      },
      options,
    );
    found.push([mosaic.mosaicId, finder.finish()]);
  }
  return joinPlaces(found, most);
}

/** The largest places of several mosaics, each found by itself, in one list. */
export function joinPlaces(found: readonly (readonly [string, PlacesFound])[], most: number): FoundPlaces {
  return {
    largest: largestOf(found, most).map(({ name, place }) => ({
      mosaicId: name,
      pixelWindow: place.pixelWindow,
      pixels: place.pixels,
      anchor: [place.anchor[0], place.anchor[1]],
    })),
    places: found.reduce((sum, [, { places }]) => sum + places, 0),
    pixels: found.reduce((sum, [, { pixels }]) => sum + pixels, 0),
  };
}

/** Which pairs of ids are chosen, as a table: 1 at `truth · 256 + prediction`. */
function chosenPairs(
  classIds: readonly number[],
  isChosen: (truthId: number, predictionId: number) => boolean,
): Uint8Array {
  const table = new Uint8Array(256 * 256);
  for (const truthId of classIds) {
    for (const predictionId of classIds) {
      table[truthId * 256 + predictionId] = isChosen(truthId, predictionId) ? 1 : 0;
    }
  }
  return table;
}
