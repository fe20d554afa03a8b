import { z } from "zod";
import type { MetadataItem } from "./metadata.ts";

/** The metadata item in which class rasters carry their class names: a JSON object from id to name. */
export const categoryNamesItem = "CLASS_NAMES";

const namesSchema = z.record(z.string().regex(/^\d+$/), z.string());

/** The class names of a file's metadata, or null. */
export function categoryNamesFrom(metadata: readonly MetadataItem[]): Record<string, string> | null {
  const item = metadata.find(({ name, band }) => name === categoryNamesItem && band === null);
  if (item === undefined) {
    return null;
  }
  try {
    return namesSchema.parse(JSON.parse(item.value));
  } catch {
    return null;
  }
}
