import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";

const confidenceEnding = "_confidence";

/** What of the files that were named for a merge is merged, and what only says how sure one of them is. */
export interface MergeInputs {
  readonly masks: readonly string[];
  readonly leftOut: readonly string[];
}

/** Tells masks from the `NAME_confidence.tif` files beside them, which a pattern like `masks/*.tif` names as well. */
export function mergeInputs(filePaths: readonly string[]): MergeInputs {
  const stems = new Set(filePaths.map((filePath) => stemOf(filePath)));
  const isConfidence = (filePath: string): boolean => {
    const stem = stemOf(filePath);
    return stem.endsWith(confidenceEnding) && stems.has(stem.slice(0, -confidenceEnding.length));
  };
  return {
    masks: filePaths.filter((filePath) => !isConfidence(filePath)),
    leftOut: filePaths.filter(isConfidence),
  };
}

/** Throws `invalid-input` for a raster that says of itself how sure a network was: its values aren't classes. */
export function refuseConfidence(filePath: string, metadata: Readonly<Record<string, string>>): void {
  if (metadata["ORTHOMASK_CONTENT"] === "confidence") {
    throw new RpcError(
      "invalid-input",
      `${filePath} says how sure a network was, not which classes there are: name its mask instead.`,
    );
  }
}

/** Where the confidence of a mask would lie. */
export function confidencePath(maskPath: string): string {
  return `${stemOf(maskPath)}${confidenceEnding}.tif`;
}

function stemOf(filePath: string): string {
  const { dir, name } = path.parse(path.resolve(filePath));
  return path.join(dir, name);
}
