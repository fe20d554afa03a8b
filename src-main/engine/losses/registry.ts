import type { TensorSymbol } from "../graph/graph.ts";
import { addAll } from "../graph/operations/arithmetic.ts";
import { crossEntropy, focal, weightedCrossEntropy } from "./cross-entropy.ts";
import type { Loss, LossInput } from "./loss.ts";
import { dice, focalTversky, iou, tversky } from "./overlap.ts";

/** Every loss one can choose. A new one is added here. */
export const losses: readonly Loss[] = [
  crossEntropy,
  weightedCrossEntropy,
  dice,
  focal,
  iou,
  tversky,
  focalTversky,
];

/** The losses that a setting such as `crossentropy+dice` names. Throws with the known ids for any other. */
export function parseLoss(setting: string): Loss[] {
  return setting.split("+").map((part) => {
    const id = part.trim();
    const found = losses.find((loss) => loss.id === id);
    if (found === undefined) {
      throw new Error(
        `There is no loss "${id}"; known are ${losses.map((loss) => loss.id).join(", ")}, and sums with +.`,
      );
    }
    return found;
  });
}

/** Adds the nodes of a loss, or of the sum of several. */
export function buildLoss(setting: string, input: LossInput): TensorSymbol {
  return addAll(
    input.graph,
    parseLoss(setting).map((loss) => input.graph.inScope(`loss/${loss.id}`, () => loss.build(input))),
  );
}
