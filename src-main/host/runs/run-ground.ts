import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { groundSplitSchema, type GroundSplit } from "#shared/training/saved-split.ts";
import { parseVersionedJson } from "../parse-versioned-json.ts";
import { writeFileWhole } from "../write-file-whole.ts";
import { runFiles } from "./run-files.ts";

const VERSION = 1;
const keptGroundSchema = groundSplitSchema.extend({ version: z.literal(VERSION) });

/** Keeps with a run which tiles it uses: with other labels the same settings would choose others later. */
export async function keepGround(directory: string, ground: GroundSplit): Promise<void> {
  const kept = { version: VERSION, ...ground };
  await writeFileWhole(path.join(directory, runFiles.ground), `${JSON.stringify(kept)}\n`);
}

/** The tiles that a run used; null for runs from before they were kept. Throws `invalid-input` for a damaged file, `unsupported` for a newer one. */
export async function readGround(directory: string): Promise<GroundSplit | null> {
  const filePath = path.join(directory, runFiles.ground);
  const text = await readFile(filePath, "utf8").catch(() => null);
  if (text === null) {
    return null;
  }
  const { areas, rest, guardMeters } = parseVersionedJson(text, filePath, {
    schema: keptGroundSchema,
    version: VERSION,
  });
  return { areas, rest, guardMeters };
}
