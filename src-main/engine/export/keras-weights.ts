import { kerasNumberedNames } from "../models/keras-order.ts";
import type { Model } from "../models/model.ts";
import { loadHdf5 } from "../weights/hdf5.ts";
import type { WeightValues } from "../runtime/constant-weights.ts";

/**
 * Writes a `.weights.h5` as Keras 3 does: a group for each layer under its numbered class name, which is how Keras finds it, with
 * the layer's own name noted beside its weights.
 */
export async function writeKerasWeights(
  filePath: string,
  model: Model,
  weights: WeightValues,
): Promise<void> {
  const HdfFile = await loadHdf5();
  const file = new HdfFile(filePath, "w");
  try {
    const layers = file.create_group("layers");
    file.create_group("vars").create_attribute("name", "functional");
    for (const [layer, numberedName] of kerasNumberedNames(model)) {
      const variables = layers.create_group(numberedName).create_group("vars");
      variables.create_attribute("name", layer.name);
      for (const [index, { name, shape }] of layer.weights.entries()) {
        const data = weights(`${layer.name}/${name}`, shape);
        variables.create_dataset({ name: String(index), data, shape: [...shape], dtype: "<f" });
      }
    }
    file.flush();
  } finally {
    file.close();
  }
}
