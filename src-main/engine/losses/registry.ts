import { parseLossExpression } from "#shared/training/loss-expression.ts";
import type { TensorSymbol } from "../graph/graph.ts";
import { addAll, multiply } from "../graph/operations/arithmetic.ts";
import { crossEntropy, focal, weightedCrossEntropy } from "./cross-entropy.ts";
import { lovasz } from "./lovasz.ts";
import type { Loss, LossInput, ParameterValue } from "./loss.ts";
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
  lovasz,
];

/** A loss with all its numbers known. */
export interface ChosenLoss {
  readonly loss: Loss;
  readonly weight: number;
  readonly parameter: ParameterValue;
}

/**
 * The losses that a setting such as `crossentropy+0.5*dice` or `focal(gamma=1)` names. Throws with what is known for an unknown loss or parameter, and with
 * the limits for a number outside them.
 */
export function parseLoss(setting: string): ChosenLoss[] {
  return parseLossExpression(setting).map(({ id, weight, parameters }) => {
    const loss = losses.find((candidate) => candidate.id === id);
    if (loss === undefined) {
      throw new Error(
        `There is no loss "${id}"; known are ${losses.map((known) => known.id).join(", ")}, and sums with +.`,
      );
    }
    for (const [name, value] of Object.entries(parameters)) {
      checkParameter(loss, name, value);
    }
    return {
      loss,
      weight,
      parameter: (name) =>
        parameters[name] ?? loss.parameters.find((candidate) => candidate.id === name)?.default ?? NaN,
    };
  });
}

function checkParameter(loss: Loss, name: string, value: number): void {
  const parameter = loss.parameters.find(({ id }) => id === name);
  if (parameter === undefined) {
    const known = loss.parameters.map(({ id }) => id).join(", ");
    throw new Error(
      `The loss "${loss.id}" has no "${name}"; it takes ${known === "" ? "no numbers" : known}.`,
    );
  }
  const { minimum, maximum } = parameter;
  if (value < minimum || value > maximum) {
    throw new Error(`${loss.id}(${name}=${value}): ${name} is a number from ${minimum} to ${maximum}.`);
  }
}

/** Adds the nodes of a loss, or of the weighted sum of several. */
export function buildLoss(setting: string, input: LossInput): TensorSymbol {
  const { graph } = input;
  return addAll(
    graph,
    parseLoss(setting).map(({ loss, weight, parameter }) =>
      graph.inScope(`loss/${loss.id}`, () => {
        const value = loss.build(input, parameter);
        return weight === 1 ? value : multiply(graph, value, weight);
      }),
    ),
  );
}
