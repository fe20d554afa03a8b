import {
  inverseSymmetry,
  rearrangePixels,
  squareSymmetries,
  symmetrySources,
} from "../network-tiles/index.ts";
import type { TilePredictor } from "../engine/index.ts";

/** A predictor that looks at each tile in all eight flips and turns and answers the mean: eight times the work, smoother outlines. */
export function averagedPredictor(predictor: TilePredictor): TilePredictor {
  const { inputPixels, input, idOfChannel } = predictor;
  const bands = input.bands.length;
  const classes = idOfChannel.length;
  const pixels = inputPixels ** 2;
  const sources = squareSymmetries.map((symmetry) => ({
    turned: symmetrySources(inputPixels, symmetry),
    back: symmetrySources(inputPixels, inverseSymmetry(symmetry)),
  }));
  return {
    ...predictor,
    predict: async (images, count, options) => {
      const mean = new Float32Array(count * pixels * classes);
      for (const { turned, back } of sources) {
        const laid =
          images instanceof Uint8Array ? new Uint8Array(images.length) : new Float32Array(images.length);
        for (let tile = 0; tile < count; tile++) {
          const from = tile * pixels * bands;
          const to = from + pixels * bands;
          rearrangePixels(images.subarray(from, to), bands, turned, laid.subarray(from, to));
        }
        const answer = await predictor.predict(laid, count, options);
        const upright = new Float32Array(pixels * classes);
        for (let tile = 0; tile < count; tile++) {
          const start = tile * pixels * classes;
          rearrangePixels(answer.subarray(start, start + pixels * classes), classes, back, upright);
          for (let index = 0; index < upright.length; index++) {
            mean[start + index] =
              (mean[start + index] as number) + (upright[index] as number) / sources.length;
          }
        }
      }
      return mean;
    },
  };
}
