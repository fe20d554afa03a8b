/** What there is to choose from, for those who don't run it: nothing here loads TensorFlow. The host may import this and `port.ts`. */
import { losses } from "./losses/registry.ts";
import { architectures } from "./models/registry.ts";

export { describeModel } from "./models/describe.ts";
export type { LayerRow, ModelDescription } from "./models/describe.ts";
export { parseLoss } from "./losses/registry.ts";

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
}

/** Every network, the recommended one first. */
export function listArchitectures(): ArchitectureEntry[] {
  return architectures.map(({ id, name, summary, source, stride, width }) => ({
    id,
    name,
    summary,
    source,
    stride,
    width,
  }));
}

/** A loss as one chooses it; a setting names one, or several joined with `+`. */
export interface LossEntry {
  readonly id: string;
  readonly name: string;
  readonly summary: string;
}

/** Every loss, the usual one first. */
export function listLosses(): LossEntry[] {
  return losses.map(({ id, name, summary }) => ({ id, name, summary }));
}
