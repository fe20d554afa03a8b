import type { GradientRules } from "../gradients.ts";
import { activationGradients } from "./activation.ts";
import { arithmeticGradients } from "./arithmetic.ts";
import { classificationGradients } from "./classification.ts";
import { convolutionGradients } from "./convolution.ts";
import { matrixGradients } from "./matrix.ts";
import { normalizationGradients } from "./normalization.ts";
import { poolingGradients } from "./pooling.ts";
import { reductionGradients } from "./reduction.ts";
import { resizingGradients } from "./resizing.ts";
import { shapeGradients } from "./shape.ts";
import { splittingGradients } from "./splitting.ts";

/** Every operation's gradient rule, by TensorFlow's name for it. A new family of operations is added here. */
export const gradientRules: GradientRules = {
  ...activationGradients,
  ...arithmeticGradients,
  ...classificationGradients,
  ...convolutionGradients,
  ...matrixGradients,
  ...normalizationGradients,
  ...poolingGradients,
  ...reductionGradients,
  ...resizingGradients,
  ...shapeGradients,
  ...splittingGradients,
};
