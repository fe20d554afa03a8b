import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Attribute, Attributes } from "./graph/attributes.ts";
import { dataTypeNumbers } from "./graph/data-type.ts";
import type { DataType, Shape } from "./graph/data-type.ts";
import type { Device } from "./graph/graph.ts";

/** The tensors' numbers as JavaScript holds them. int64 can only be read. */
export type TensorData = Float32Array | Int32Array | Uint8Array | BigInt64Array;

/** A tensor that the binding holds until `deleteTensor`. */
interface BoundTensor {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The native functions of tfjs-node's binding that we call (`binding/tfjs_binding.cc`). */
interface NativeBinding {
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
  createTensor(shape: readonly number[], dataType: number, data: TensorData): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): TensorData;
  loadSavedModel(directory: string, tags: string): number;
  deleteSavedModel(id: number): void;
  /** Names are joined with commas. */
  runSavedModel(
    id: number,
    inputIds: readonly number[],
    inputNames: string,
    outputNames: string,
  ): BoundTensor[];
  executeOp(
    operation: string,
    attributes: readonly { name: string; type: number; value: unknown }[],
    inputIds: readonly number[],
    outputs: number,
  ): BoundTensor[];
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  getNumOfTensors(): number;
  getNumOfSavedModels(): number;
}

/** A tensor inside TensorFlow, held until `TensorFlow.deleteTensor`. */
export type TensorId = number & { readonly __brand: "TensorId" };

/** TensorFlow, loaded once a process. Every call blocks until TensorFlow is done. */
export class TensorFlow {
  readonly #binding: NativeBinding;

  constructor(binding: NativeBinding) {
    this.#binding = binding;
  }

  get version(): string {
    return this.#binding.TF_Version;
  }

  get device(): Device {
    return this.#binding.isUsingGpuDevice() ? "gpu" : "cpu";
  }

  /** Tensors and graphs that the binding holds now; a session that was closed leaves none. */
  get held(): { tensors: number; graphs: number } {
    return { tensors: this.#binding.getNumOfTensors(), graphs: this.#binding.getNumOfSavedModels() };
  }

  /** Hands numbers over, row-major; they must stay as they are until the tensor is deleted. */
  createTensor(shape: Shape, dataType: DataType, data: TensorData): TensorId {
    return this.#binding.createTensor(shape, dataTypeNumbers[dataType], data) as TensorId;
  }

  readTensor(id: TensorId): TensorData {
    return this.#binding.tensorDataSync(id);
  }

  deleteTensor(id: TensorId): void {
    this.#binding.deleteTensor(id);
  }

  /** Runs one operation at once, outside of any graph, and returns its `outputs` tensors. */
  runOperation(
    operation: string,
    attributes: Attributes,
    inputs: readonly TensorId[],
    outputs: number,
  ): TensorId[] {
    const given = Object.entries(attributes).map(([name, one]) => ({ name, ...this.#boundAttribute(one) }));
    return this.#binding.executeOp(operation, given, inputs, outputs).map(({ id }) => id as TensorId);
  }

  #boundAttribute(one: Attribute): { type: number; value: unknown } {
    const binding = this.#binding;
    switch (one.kind) {
      case "type":
        return { type: binding.TF_ATTR_TYPE, value: dataTypeNumbers[one.value] };
      case "integer":
      case "integers":
        return { type: binding.TF_ATTR_INT, value: one.value };
      case "float":
        return { type: binding.TF_ATTR_FLOAT, value: one.value };
      case "boolean":
        return { type: binding.TF_ATTR_BOOL, value: one.value };
      case "text":
        return { type: binding.TF_ATTR_STRING, value: one.value };
      case "shape":
        return { type: binding.TF_ATTR_SHAPE, value: one.value };
      case "tensor":
        throw new Error("The binding takes no tensors as attributes: make one with createTensor.");
    }
  }

  /** Loads the SavedModel in a directory; free it with `freeGraph`. */
  loadGraph(directory: string, tag: string): number {
    return this.#binding.loadSavedModel(directory, tag);
  }

  freeGraph(id: number): void {
    this.#binding.deleteSavedModel(id);
  }

  /** Runs a loaded graph once. `feeds` are lent for the call; the results are copies. */
  runGraph(
    id: number,
    feeds: readonly {
      readonly name: string;
      readonly shape: Shape;
      readonly dataType: DataType;
      readonly data: TensorData;
    }[],
    fetches: readonly string[],
  ): TensorData[] {
    const inputs: number[] = [];
    let outputs: BoundTensor[] = [];
    try {
      for (const { shape, dataType, data } of feeds) {
        inputs.push(this.#binding.createTensor(shape, dataTypeNumbers[dataType], data));
      }
      outputs = this.#binding.runSavedModel(
        id,
        inputs,
        feeds.map(({ name }) => name).join(","),
        fetches.join(","),
      );
      return outputs.map((output) => this.#binding.tensorDataSync(output.id));
    } finally {
      for (const input of inputs) {
        this.#binding.deleteTensor(input);
      }
      for (const output of outputs) {
        this.#binding.deleteTensor(output.id);
      }
    }
  }
}

let loaded: TensorFlow | undefined;

/**
 * Loads TensorFlow's binding, only its native part: the JavaScript around it would take a second and 100 MB more.
 * `bindingPath` is that of the GPU add-on, the app's own where it is null; what was loaded first stays. Throws `unsupported` with what to do
 * when it isn't there or doesn't fit this machine.
 */
export function loadTensorFlow(bindingPath: string | null = null): TensorFlow {
  if (loaded === undefined) {
    // Read by TensorFlow when its library is loaded: without these it writes pages to stderr and takes a whole GPU.
    process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
    process.env["TF_FORCE_GPU_ALLOW_GROWTH"] ??= "true";
    loaded = new TensorFlow(requireBinding(bindingPath));
  }
  return loaded;
}

function requireBinding(chosenPath: string | null): NativeBinding {
  const require = createRequire(import.meta.url);
  let bindingPath = chosenPath ?? "";
  try {
    const packageFile = require.resolve("@tensorflow/tfjs-node-gpu/package.json");
    bindingPath ||= path.join(path.dirname(packageFile), "lib", "napi-v8", "tfjs_binding.node");
  } catch (cause) {
    throw new RpcError(
      "unsupported",
      "The package @tensorflow/tfjs-node-gpu is not installed. Run `npm start` once.",
      { cause },
    );
  }
  if (!existsSync(bindingPath)) {
    throw new RpcError(
      "unsupported",
      "TensorFlow has not been set up for this copy of Orthomask. Run `npm start` once, or `npx orthomask doctor` to see why.",
    );
  }
  try {
    return require(bindingPath) as NativeBinding;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RpcError("unsupported", `TensorFlow can't be loaded on this machine: ${reason}`, { cause });
  }
}
