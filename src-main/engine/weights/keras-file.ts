import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Dataset, File, Group } from "h5wasm/node";
import { RpcError } from "#shared/rpc/errors.ts";
import { loadHdf5 } from "./hdf5.ts";
import { extractMember } from "./zip-member.ts";
import type { StoredWeight, WeightsFile } from "./weights-file.ts";

/** How much of a dataset is read at once: it exists twice meanwhile, inside and outside of WebAssembly's memory. */
const SLICE_BYTES = 32 << 20;

/** The weights' name inside a `.keras` archive. */
const ARCHIVED_WEIGHTS = "model.weights.h5";

/** Opens an HDF5 file of Keras', or the one inside a `.keras` archive. */
export async function openKerasFile(filePath: string, kind: "hdf5" | "archive"): Promise<WeightsFile> {
  const HdfFile = await loadHdf5();
  const temporary = kind === "archive" ? mkdtempSync(path.join(tmpdir(), "orthomask-keras-")) : null;
  const removeTemporary = (): void => {
    if (temporary !== null) {
      rmSync(temporary, { recursive: true, force: true });
    }
  };
  let file: File | undefined;
  try {
    let hdfPath = filePath;
    if (temporary !== null) {
      hdfPath = path.join(temporary, ARCHIVED_WEIGHTS);
      extractMember(filePath, ARCHIVED_WEIGHTS, hdfPath);
    }
    file = new HdfFile(path.resolve(hdfPath), "r");
    const opened = file;
    return {
      ...layersOf(opened),
      close: () => {
        opened.close();
        removeTemporary();
      },
    };
  } catch (cause) {
    file?.close();
    removeTemporary();
    // The first line: the library goes on with where in its own sources it failed.
    const [reason = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    throw new RpcError(
      "invalid-input",
      `${path.basename(filePath)} is no weights file of Keras’: ${reason}`,
      { cause },
    );
  }
}

function layersOf(file: File): Pick<WeightsFile, "layers" | "isNumbered"> {
  const legacy = groupIn(file, "model_weights") ?? file;
  const names = textList(legacy, "layer_names");
  if (names !== null) {
    return { layers: legacyLayers(legacy, names), isNumbered: false };
  }
  const layers = new Map<string, StoredWeight[]>();
  const numbered = { count: 0, all: 0 };
  collectLayers(file, "", layers, numbered);
  if (layers.size === 0) {
    throw new Error("it has no layers");
  }
  return { layers, isNumbered: numbered.count === numbered.all };
}

/** Keras 1 and 2, and 3 when asked for `.h5`: lists of names as attributes, datasets below. */
function legacyLayers(root: Group, names: readonly string[]): Map<string, StoredWeight[]> {
  const layers = new Map<string, StoredWeight[]>();
  for (const name of names) {
    const group = groupIn(root, name);
    const weights = (group === null ? null : textList(group, "weight_names")) ?? [];
    if (group !== null && weights.length > 0) {
      layers.set(
        name,
        weights.map((weight) => storedWeight(group.get(weight), `${name}/${weight}`)),
      );
    }
  }
  return layers;
}

/** Keras 3: each layer's weights are `vars/0`, `vars/1` …; newer versions note the layer's own name beside them. */
function collectLayers(
  group: Group,
  ownName: string,
  layers: Map<string, StoredWeight[]>,
  numbered: { count: number; all: number },
): void {
  const keys = group.keys();
  const variables = keys.includes("vars") ? groupIn(group, "vars") : null;
  const indices = (variables?.keys() ?? []).toSorted((first, second) => Number(first) - Number(second));
  if (variables !== null && indices.length > 0) {
    const noted = variables.attrs["name"]?.value;
    const name = typeof noted === "string" ? noted : ownName;
    numbered.all += 1;
    numbered.count += typeof noted === "string" ? 0 : 1;
    layers.set(
      name,
      indices.map((index) => storedWeight(variables.get(index), `${name}/${index}`)),
    );
  }
  for (const key of keys) {
    // The optimizer has variables too, and they belong to no layer.
    const inner = key === "vars" || key === "optimizer" ? null : groupIn(group, key);
    if (inner !== null) {
      collectLayers(inner, key, layers, numbered);
    }
  }
}

function groupIn(group: Group, name: string): Group | null {
  const entity = group.keys().includes(name) || name.includes("/") ? group.get(name) : null;
  return entity !== null && "keys" in entity ? entity : null;
}

/** A list of names; Keras cuts long ones into `layer_names0`, `layer_names1` … because an attribute holds 64 KB at most. */
function textList(group: Group, attribute: string): string[] | null {
  const read = (name: string): string[] | null => {
    const value: unknown = group.attrs[name]?.value;
    return Array.isArray(value) ? value.map(String) : null;
  };
  const whole = read(attribute);
  if (whole !== null) {
    return whole;
  }
  const parts: string[] = [];
  for (let index = 0; ; index += 1) {
    const part = read(`${attribute}${index}`);
    if (part === null) {
      return index === 0 ? null : parts;
    }
    parts.push(...part);
  }
}

function storedWeight(entity: ReturnType<Group["get"]>, name: string): StoredWeight {
  if (entity === null || !("slice" in entity)) {
    throw new Error(`${name} is missing`);
  }
  return { shape: entity.shape ?? [], read: () => readNumbers(entity, name) };
}

function readNumbers(dataset: Dataset, name: string): Float32Array {
  const shape = dataset.shape ?? [];
  const [rows = 1, ...rest] = shape;
  const numbersARow = rest.reduce((product, size) => product * size, 1);
  const values = new Float32Array(rows * numbersARow);
  const rowsAtOnce = Math.max(1, Math.floor(SLICE_BYTES / 4 / Math.max(1, numbersARow)));
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const end = Math.min(rows, row + rowsAtOnce);
    const part =
      shape.length === 0 ? dataset.value : dataset.slice([[row, end], ...rest.map(() => [])] as never);
    if (!(part instanceof Float32Array || part instanceof Float64Array)) {
      throw new RpcError("invalid-input", `${name} holds no floating-point numbers.`);
    }
    values.set(part, row * numbersARow);
  }
  return values;
}
