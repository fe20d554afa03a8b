import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { makeFolder } from "../make-folder.ts";
import { writeFileWhole } from "../write-file-whole.ts";

const segmentModelFilesSchema = z.strictObject({ encoderPath: z.string(), decoderPath: z.string() });
/** The two ONNX files of a promptable model. */
export type SegmentModelFiles = z.infer<typeof segmentModelFilesSchema>;

const settingsSchema = z.strictObject({
  format: z.literal("orthomask-settings"),
  version: z.literal(1),
  pyramidCacheBytes: z.number().min(0),
  /** The promptable model that the user has pointed to. */
  segmentModel: segmentModelFilesSchema.nullish(),
});
/** What counts for all projects of a user on this machine. */
export type Settings = z.infer<typeof settingsSchema>;

/** What counts before anybody has set anything. */
export const usualSettings: Settings = {
  format: "orthomask-settings",
  version: 1,
  pyramidCacheBytes: 8e9,
};

/** The settings kept in the data directory; the usual ones where there are none, or none that can be read. */
export async function readSettings(dataDirectory: string): Promise<Settings> {
  try {
    return settingsSchema.parse(JSON.parse(await readFile(settingsPath(dataDirectory), "utf8")));
  } catch {
    return usualSettings;
  }
}

export async function writeSettings(dataDirectory: string, settings: Settings): Promise<void> {
  await makeFolder(dataDirectory);
  await writeFileWhole(settingsPath(dataDirectory), `${JSON.stringify(settings, null, 2)}\n`);
}

function settingsPath(dataDirectory: string): string {
  return path.join(dataDirectory, "settings.json");
}
