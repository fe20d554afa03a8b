import { readFile } from "node:fs/promises";
import { z } from "zod";
import { defaultColor } from "#shared/project/default-palette.ts";
import { classIdSchema, landClassesSchema } from "#shared/project/land-class.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import { isErrno } from "./list-folder.ts";

/** The folder's own list of classes. */
export const CLASSES_FILE = "classes.json";

/** What a mask says about its classes besides its pixels. */
export interface MaskLegend {
  readonly colorTable: Readonly<Record<string, string>> | null;
  readonly categoryNames: Readonly<Record<string, string>> | null;
}

/** What `classes.json` came to. */
export type ClassesFile =
  | { readonly kind: "none" }
  | { readonly kind: "ok"; readonly classes: readonly LandClass[] }
  | { readonly kind: "damaged"; readonly reason: string };

/** Colour in any case, three or six digits; what else is there is the file owner's business. */
const listedClassesSchema = z.array(
  z.looseObject({
    id: classIdSchema,
    name: z.string().trim().min(1).max(80),
    color: z
      .string()
      .regex(/^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/, "a colour as #rrggbb")
      .optional(),
    ignore: z.boolean().optional(),
  }),
);

/** Reads the folder's `classes.json`. */
export async function readClassesFile(filePath: string): Promise<ClassesFile> {
  let text: string;
  try {
    text = await readFile(filePath, "utf8");
  } catch (error) {
    return isErrno(error, ["ENOENT"])
      ? { kind: "none" }
      : { kind: "damaged", reason: error instanceof Error ? error.message : String(error) };
  }
  return parseClasses(text);
}

/** Parses the text of a `classes.json`: `[{id, name, color?, ignore?}]`. */
export function parseClasses(text: string): ClassesFile {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { kind: "damaged", reason: error instanceof Error ? error.message : String(error) };
  }
  const listed = listedClassesSchema.safeParse(document);
  if (!listed.success) {
    return { kind: "damaged", reason: oneLine(listed.error) };
  }
  const parsed = landClassesSchema.safeParse(
    listed.data.map(({ id, name, color, ignore }, index) => ({
      id,
      name,
      color: color === undefined ? defaultColor(index) : longColor(color),
      ignore: ignore ?? false,
    })),
  );
  return parsed.success
    ? { kind: "ok", classes: parsed.data }
    : { kind: "damaged", reason: oneLine(parsed.error) };
}

/**
 * The classes of masks that state names: all of them; of masks with a colour table only: the ids that occur, in its
 * colours; of masks that state nothing: the ids that occur.
 */
export function classesFromMasks(
  legends: readonly MaskLegend[],
  idsFound: Iterable<number>,
): { readonly classes: LandClass[]; readonly source: "color-table" | "mask-values" | "none" } {
  const names = new Map<number, string>();
  const colors = new Map<number, string>();
  for (const { categoryNames, colorTable } of legends) {
    addMissing(names, categoryNames);
    addMissing(colors, colorTable);
  }
  // A colour table with 256 entries is no list of 256 classes: without names, only what occurs counts.
  const ids = [...new Set([...idsFound, ...names.keys()])].sort((first, second) => first - second);
  const taken = new Set<string>();
  const classes = ids.map((id, index): LandClass => {
    const stated = (names.get(id) ?? "").trim().slice(0, 70);
    let name = stated === "" ? `class ${id}` : stated;
    if (taken.has(name.toLowerCase())) {
      name = `${name} (${id})`;
    }
    taken.add(name.toLowerCase());
    return { id, name, color: colors.get(id) ?? defaultColor(index), ignore: false };
  });
  if (classes.length === 0) {
    return { classes, source: "none" };
  }
  return { classes, source: names.size > 0 || colors.size > 0 ? "color-table" : "mask-values" };
}

/** Takes over what `target` lacks, as far as its key can be a class id. */
function addMissing(target: Map<number, string>, source: Readonly<Record<string, string>> | null): void {
  for (const [key, value] of Object.entries(source ?? {})) {
    const id = classIdSchema.safeParse(Number(key));
    if (id.success && !target.has(id.data) && value.trim() !== "") {
      target.set(id.data, value);
    }
  }
}

function longColor(color: string): string {
  const digits = color.slice(1).toLowerCase();
  return digits.length === 6 ? `#${digits}` : `#${digits.replaceAll(/./g, "$&$&")}`;
}

function oneLine(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined
    ? "it has another form than [{id, name, color, ignore}]"
    : [issue.path.join("."), issue.message].filter((part) => part !== "").join(": ");
}
