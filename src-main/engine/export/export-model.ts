import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import { serializeSavedModel } from "../graph/saved-model.ts";
import { modelOf } from "../models/describe.ts";
import type { Model } from "../models/model.ts";
import type { ModelExport } from "../port.ts";
import { CheckpointFile } from "../weights/checkpoint.ts";
import { kerasScript } from "./keras-script.ts";
import { writeKerasWeights } from "./keras-weights.ts";
import { deepnessMetadata, networkInputText } from "./model-facts.ts";
import { onnxNodesOf } from "./onnx-model.ts";
import { serializeOnnx } from "./onnx-writer.ts";
import { buildServingGraph } from "./saved-model-graph.ts";

/**
 * Writes a trained network for TensorFlow, Keras or ONNX and answers the paths it wrote, the main one first. Files are written under
 * another name and renamed, so that an earlier export stays whole until the new one is.
 */
export async function exportModel(request: ModelExport): Promise<string[]> {
  const model = modelOf(request.model);
  const checkpoint = new CheckpointFile(request.weights);
  const weights = (name: string, shape: readonly number[]): Float32Array => checkpoint.values(name, shape);
  try {
    switch (request.format) {
      case "savedmodel":
        return await writeSavedModel(request, () => {
          const { graph, image, probabilities } = buildServingGraph(model, weights, request.normalization);
          return serializeSavedModel(graph, { inputs: { image }, outputs: { probabilities } });
        });
      case "keras":
        return await writeKeras(request, model, (file) => writeKerasWeights(file, model, weights));
      case "onnx": {
        const [producerName = "", producerVersion = ""] = request.producer.split(" ");
        const bytes = serializeOnnx({
          ...onnxNodesOf(model, weights),
          producerName,
          producerVersion,
          description: networkInputText(request.normalization),
          metadata: deepnessMetadata(request),
        });
        await writeWhole(request.path, (file) => {
          writeFileSync(file, bytes);
        });
        return [request.path];
      }
    }
  } catch (cause) {
    if (cause instanceof RpcError) {
      throw cause;
    }
    throw new RpcError(
      "internal",
      `${request.path} could not be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  } finally {
    checkpoint.close();
  }
}

async function writeSavedModel(
  { path: folder }: ModelExport,
  serialize: () => Uint8Array,
): Promise<string[]> {
  const filePath = path.join(folder, "saved_model.pb");
  await writeWhole(filePath, (file) => {
    writeFileSync(file, serialize());
  });
  return [filePath];
}

async function writeKeras(
  request: ModelExport,
  model: Model,
  write: (file: string) => Promise<void>,
): Promise<string[]> {
  const { normalization, classNames, producer, path: filePath } = request;
  await writeWhole(filePath, write);
  const scriptPath = `${filePath.replace(/(\.weights)?\.h5$/, "")}.py`;
  const script = kerasScript(model, {
    normalization,
    classNames,
    weightsFile: path.basename(filePath),
    producer,
  });
  await writeWhole(scriptPath, (file) => {
    writeFileSync(file, script);
  });
  return [filePath, scriptPath];
}

async function writeWhole(filePath: string, write: (file: string) => Promise<void> | void): Promise<void> {
  mkdirSync(path.dirname(filePath), { recursive: true });
  const temporaryPath = path.join(path.dirname(filePath), `.${process.pid}.${path.basename(filePath)}`);
  try {
    await write(temporaryPath);
    renameSync(temporaryPath, filePath);
  } finally {
    rmSync(temporaryPath, { force: true });
  }
}
