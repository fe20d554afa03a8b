import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { RpcError } from "#shared/rpc/errors.ts";
import type { SplitSettings } from "#shared/training/training-settings.ts";
import { UsageError } from "./cli-io.ts";

const listsSchema = z.looseObject({ training: z.array(z.string()), validation: z.array(z.string()) });

/**
 * Reads a published split: a folder with `train.txt` and `val.txt` (LandCover.ai's), either of the two files with the other beside it, or a JSON file
 * `{"training": […], "validation": […]}`. A name is `<mosaic>_<index>` for a tile, or a mosaic's own for all of it.
 */
export async function readSplitFile(given: string): Promise<Extract<SplitSettings, { kind: "list" }>> {
  const absolute = path.resolve(given);
  const found = await stat(absolute).catch(() => null);
  if (found === null) {
    throw new UsageError(
      `--split ${given}: expected random, mosaic, blocks, or a file or folder that is there.`,
    );
  }
  if (found.isFile() && absolute.endsWith(".json")) {
    const parsed = listsSchema.safeParse(parseJson(await readFile(absolute, "utf8")));
    if (!parsed.success) {
      throw new RpcError(
        "invalid-input",
        `${given}: expected {"training": […], "validation": […]} with names of tiles.`,
      );
    }
    return { kind: "list", training: parsed.data.training, validation: parsed.data.validation };
  }
  const folder = found.isDirectory() ? absolute : path.dirname(absolute);
  return {
    kind: "list",
    training: await lines(path.join(folder, "train.txt")),
    validation: await lines(path.join(folder, "val.txt")),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function lines(filePath: string): Promise<string[]> {
  try {
    return namesIn(await readFile(filePath, "utf8"));
  } catch (error) {
    throw new RpcError(
      "invalid-input",
      `A split by lists needs train.txt and val.txt beside each other: ${filePath} can't be read.`,
      {
        cause: error,
      },
    );
  }
}

/** The names in a list of tiles, one a line. */
export function namesIn(list: string): string[] {
  return list
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
