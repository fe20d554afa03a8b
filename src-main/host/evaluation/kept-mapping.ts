import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { ClassMapping } from "#shared/metrics/id-pairs.ts";
import { classMappingSchema } from "#shared/metrics/mask-evaluation.ts";
import { makeFolder } from "../make-folder.ts";
import type { Project } from "../projects/index.ts";
import { writeFileWhole } from "../write-file-whole.ts";

const keptSchema = z.object({ version: z.literal(1), mapping: classMappingSchema });

/** What values of masks from elsewhere were said to mean last time; empty where nothing was, or it can't be read. */
export async function readMapping(project: Project): Promise<ClassMapping> {
  const text = await readFile(mappingPath(project), "utf8").catch(() => null);
  try {
    return text === null ? {} : keptSchema.parse(JSON.parse(text)).mapping;
  } catch {
    return {};
  }
}

/** Keeps it for the next time. */
export async function keepMapping(project: Project, mapping: ClassMapping): Promise<void> {
  await makeFolder(project.storageDirectory);
  await writeFileWhole(mappingPath(project), JSON.stringify({ version: 1, mapping }));
}

function mappingPath(project: Project): string {
  return path.join(project.storageDirectory, "mask-classes.json");
}
