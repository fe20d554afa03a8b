import type { InferenceSession, Tensor } from "onnxruntime-node";
import { RpcError } from "#shared/rpc/errors.ts";

/** An input or output of a model as its file describes it; a dimension that the file leaves open is null. */
export interface ModelValue {
  readonly name: string;
  readonly type: Tensor.Type;
  readonly shape: readonly (number | null)[];
}

/** What the file says of inputs or outputs; those that are no tensors are left out. */
export function modelValues(metadata: readonly InferenceSession.ValueMetadata[]): ModelValue[] {
  return metadata.flatMap((value) =>
    value.isTensor
      ? [
          {
            name: value.name,
            type: value.type,
            // Open dimensions have a name, or are −1.
            shape: value.shape.map((side) => (typeof side === "number" && side > 0 ? side : null)),
          },
        ]
      : [],
  );
}

/** Values as an error names them: `image [1, 3, ?, ?] float32`. */
export function describeValues(values: readonly ModelValue[]): string {
  return values.length === 0
    ? "none"
    : values
        .map(({ name, type, shape }) => `${name} [${shape.map((side) => side ?? "?").join(", ")}] ${type}`)
        .join(", ");
}

/** A file that isn't what it was chosen as. */
export function wrongFile(fileName: string, expected: string, found: string): RpcError {
  return new RpcError("invalid-input", `${fileName}: ${expected} was expected, but ${found}.`);
}
