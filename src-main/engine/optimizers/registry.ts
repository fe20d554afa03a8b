import { optimizerDefaults } from "#shared/training/training-settings.ts";
import type { OptimizerSettings } from "#shared/training/training-settings.ts";
import { attribute } from "../graph/attributes.ts";
import { multiply } from "../graph/operations/arithmetic.ts";
import type { OptimizerName } from "../port.ts";
import type { Optimizer, UpdateInput } from "./optimizer.ts";

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

/** What the `ResourceApply…` with momentum are told: other runs don't wait, and whether to look ahead. */
const applyAttributes = (nesterov: boolean) => ({
  T: attribute.type("float32"),
  use_locking: attribute.boolean(false),
  use_nesterov: attribute.boolean(nesterov),
});

/** Adam (Kingma and Ba 2015, arXiv:1412.6980) with Keras' defaults. */
const adam: Optimizer = {
  id: "adam",
  slots: ["m", "v"],
  perStep: [
    { name: "beta1_power", value: (step) => BETA_1 ** step },
    { name: "beta2_power", value: (step) => BETA_2 ** step },
  ],
  update: ({ graph, variable, gradient, slots, learningRate, perStep, controls }) =>
    graph.add("ResourceApplyAdam", {
      inputs: [
        variable.handle,
        ...slots.map((slot) => slot.handle),
        ...perStep,
        learningRate,
        graph.constant(BETA_1),
        graph.constant(BETA_2),
        graph.constant(EPSILON),
        gradient,
      ],
      controls,
      attributes: applyAttributes(false),
    }),
};

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101): the weight shrinks first, as in Keras. */
function adamW(weightDecay: number): Optimizer {
  return {
    ...adam,
    id: "adamw",
    update: (input: UpdateInput) => {
      const { graph, variable, value, learningRate, controls } = input;
      const decay = multiply(graph, value, multiply(graph, learningRate, weightDecay));
      const shrunk = graph.add("AssignSubVariableOp", {
        inputs: [variable.handle, decay],
        controls: [...controls],
        attributes: { dtype: attribute.type("float32") },
      });
      return adam.update({ ...input, controls: [...controls, shrunk] });
    },
  };
}

/** Stochastic gradient descent with momentum as Keras writes it: velocity = momentum·velocity − rate·gradient. */
function sgd(momentum: number, nesterov: boolean): Optimizer {
  return {
    id: "sgd",
    slots: ["momentum"],
    perStep: [],
    update: ({ graph, variable, gradient, slots, learningRate, controls }) =>
      graph.add("ResourceApplyKerasMomentum", {
        inputs: [
          variable.handle,
          ...slots.map((slot) => slot.handle),
          learningRate,
          gradient,
          graph.constant(momentum),
        ],
        controls,
        attributes: applyAttributes(nesterov),
      }),
  };
}

/** Gradient descent that remembers nothing: a third of the memory that Adam needs for a weight. */
const plainDescent: Optimizer = {
  id: "sgd",
  slots: [],
  perStep: [],
  update: ({ graph, variable, gradient, learningRate, controls }) =>
    graph.add("ResourceApplyGradientDescent", {
      inputs: [variable.handle, learningRate, gradient],
      controls,
      attributes: { T: attribute.type("float32"), use_locking: attribute.boolean(false) },
    }),
};

/** The optimizer with these settings; a name alone takes the usual ones. */
export function optimizerOf(given: OptimizerName | OptimizerSettings): Optimizer {
  const settings = typeof given === "string" ? optimizerDefaults[given] : given;
  switch (settings.kind) {
    case "adam":
      return adam;
    case "adamw":
      return adamW(settings.weightDecay);
    case "sgd":
      return settings.momentum === 0 ? plainDescent : sgd(settings.momentum, settings.nesterov);
  }
}
