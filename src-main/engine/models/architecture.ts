import type { Model } from "./model.ts";
import type { Upsampling } from "./upsampling.ts";

/** What a network is built for. */
export interface ModelSize {
  /** Height and width of a tile, in pixels; multiples of the architecture's stride. */
  readonly tileHeight: number;
  readonly tileWidth: number;
  readonly bands: number;
  /** How many classes the output tells apart. */
  readonly classes: number;
  /** Filters of the first stage, for architectures that have such a setting; their default when left out. */
  readonly width?: number | undefined;
  /** One of the architecture's `upsamplings`; its first when left out. */
  readonly upsampling?: Upsampling | undefined;
}

/** A family of networks that one can choose by its id. */
export interface Architecture {
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** One sentence on what it is good for. */
  readonly summary: string;
  /** The paper or notebook it is taken from. */
  readonly source: string;
  /** Tile height and width must be multiples of this, in pixels. */
  readonly stride: number;
  /** Null where the width is fixed. */
  readonly width: { readonly default: number; readonly minimum: number; readonly maximum: number } | null;
  /** How it can enlarge coarse features, the one of its source first; a single one where its source leaves no choice. */
  readonly upsamplings: readonly [Upsampling, ...Upsampling[]];
  build(
    size: Omit<ModelSize, "width" | "upsampling"> & {
      readonly width: number;
      readonly upsampling: Upsampling;
    },
  ): Model;
}
