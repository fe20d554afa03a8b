import { attribute } from "../graph/attributes.ts";
import { multiply } from "../graph/operations/arithmetic.ts";
import type { Optimizer, UpdateInput } from "./optimizer.ts";
import type { OptimizerName } from "../port.ts";

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

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
      attributes: {
        T: attribute.type("float32"),
        use_locking: attribute.boolean(false),
        use_nesterov: attribute.boolean(false),
      },
    }),
};

/** Keras' default decay. */
const WEIGHT_DECAY = 0.004;

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101): the weight shrinks first, as in Keras. */
const adamW: Optimizer = {
  ...adam,
  id: "adamw",
  update: (input: UpdateInput) => {
    const { graph, variable, value, learningRate, controls } = input;
    const decay = multiply(graph, value, multiply(graph, learningRate, WEIGHT_DECAY));
    const shrunk = graph.add("AssignSubVariableOp", {
      inputs: [variable.handle, decay],
      controls: [...controls],
      attributes: { dtype: attribute.type("float32") },
    });
    return adam.update({ ...input, controls: [...controls, shrunk] });
  },
};

const MOMENTUM = 0.9;

/** Stochastic gradient descent with momentum 0.9, as Keras writes it: velocity = 0.9·velocity − rate·gradient. */
const sgd: Optimizer = {
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
        graph.constant(MOMENTUM),
      ],
      controls,
      attributes: {
        T: attribute.type("float32"),
        use_locking: attribute.boolean(false),
        use_nesterov: attribute.boolean(false),
      },
    }),
};

/** The optimizers by name. */
export const optimizers: Readonly<Record<OptimizerName, Optimizer>> = { adam, adamw: adamW, sgd };
