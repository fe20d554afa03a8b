/** What there is to choose from, for those who don't run it: nothing here loads TensorFlow. The host may import this and `port.ts`. */
import type { LossParameter } from "#shared/training/training-settings.ts";
import { losses } from "./losses/registry.ts";
import type { Upsampling } from "./models/upsampling.ts";
import { architectures } from "./models/registry.ts";

export { describeModel } from "./models/describe.ts";
export type { LayerRow, ModelDescription } from "./models/describe.ts";
export { parseLoss } from "./losses/registry.ts";
export { estimateTrainingBytes } from "./runtime/estimate-memory.ts";

/** An architecture as one chooses it. */
export interface ArchitectureEntry {
  readonly id: string;
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  /** Tile sides must be multiples of this, in pixels. */
  readonly stride: number;
  /** Filters of the first stage; null where they are fixed. */
  readonly width: { readonly default: number; readonly minimum: number; readonly maximum: number } | null;
  /** How it can enlarge coarse features, its own way first. */
  readonly upsamplings: readonly Upsampling[];
}

/** Every network, the recommended one first. */
export function listArchitectures(): ArchitectureEntry[] {
  return architectures.map(({ id, name, summary, source, stride, width, upsamplings }) => ({
    id,
    name,
    summary,
    source,
    stride,
    width,
    upsamplings,
  }));
}

/** A loss as one chooses it; a setting names one, or a weighted sum of several. */
export interface LossEntry {
  readonly id: string;
  readonly name: string;
  readonly summary: string;
  /** The numbers that it takes. */
  readonly parameters: readonly LossParameter[];
}

/** Every loss, the usual one first. */
export function listLosses(): LossEntry[] {
  return losses.map(({ id, name, summary, parameters }) => ({ id, name, summary, parameters }));
}
