import { z } from "zod";

/** Pixels along each side of a chunk. */
export const chunkSide = 512;

/** The class id that says "nobody knows yet". */
export const unlabelledId = 255;

const arrayAttributes = z.object({ decimation: z.int().positive() });

/** The `zarr.json` of one array, as far as a class grid may differ from another. */
export const arrayMetadataSchema = z.object({
  zarr_format: z.literal(3),
  node_type: z.literal("array"),
  shape: z.tuple([z.int().positive(), z.int().positive()]),
  data_type: z.literal("uint8"),
  chunk_grid: z.object({
    name: z.literal("regular"),
    configuration: z.object({ chunk_shape: z.tuple([z.literal(chunkSide), z.literal(chunkSide)]) }),
  }),
  chunk_key_encoding: z.object({ name: z.literal("default") }),
  fill_value: z.int().min(0).max(255),
  codecs: z.array(z.object({ name: z.enum(["bytes", "gzip"]) })),
  attributes: arrayAttributes,
});

/** The `zarr.json` of the grid itself. */
export const groupMetadataSchema = z.object({
  zarr_format: z.literal(3),
  node_type: z.literal("group"),
  attributes: z.object({
    orthomask: z.object({
      kind: z.literal("class-grid"),
      version: z.literal(1),
      width: z
        .int()
        .positive()
        .max(2 ** 30),
      height: z
        .int()
        .positive()
        .max(2 ** 30),
      levels: z.int().positive().max(32),
      confidence: z.boolean(),
      /** Grids written before there were entropies say nothing of them. */
      entropy: z.boolean().default(false),
    }),
  }),
});
export type GroupMetadata = z.infer<typeof groupMetadataSchema>;

/** How many resolutions a grid has: halved until one chunk holds it. */
export function levelCount(width: number, height: number): number {
  let count = 1;
  for (let side = Math.max(width, height); side > chunkSide; side = Math.ceil(side / 2)) {
    count += 1;
  }
  return count;
}

/** Size of a level: halves, rounded up. */
export function levelSize(
  width: number,
  height: number,
  level: number,
): { readonly width: number; readonly height: number } {
  const factor = 2 ** level;
  return { width: Math.ceil(width / factor), height: Math.ceil(height / factor) };
}

/** Writes the metadata of one array. */
export function arrayMetadata(width: number, height: number, level: number, fillValue: number): string {
  const size = levelSize(width, height, level);
  return JSON.stringify(
    {
      zarr_format: 3,
      node_type: "array",
      shape: [size.height, size.width],
      data_type: "uint8",
      chunk_grid: { name: "regular", configuration: { chunk_shape: [chunkSide, chunkSide] } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      fill_value: fillValue,
      codecs: [{ name: "bytes" }, { name: "gzip", configuration: { level: 1 } }],
      attributes: { decimation: 2 ** level },
      dimension_names: ["y", "x"],
    },
    null,
    2,
  );
}

/** Writes the metadata of the group. */
export function groupMetadata(
  width: number,
  height: number,
  kept: { readonly confidence: boolean; readonly entropy: boolean },
): string {
  return JSON.stringify(
    {
      zarr_format: 3,
      node_type: "group",
      attributes: {
        orthomask: {
          kind: "class-grid",
          version: 1,
          width,
          height,
          levels: levelCount(width, height),
          ...kept,
        },
      },
    } satisfies GroupMetadata,
    null,
    2,
  );
}
