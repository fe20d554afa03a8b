import { z } from "zod";
import { displayStateSchema, initialDisplay, layerKinds, layerLookSchema } from "./display-state.ts";
import { landClassesSchema } from "./land-class.ts";
import { viewStateSchema } from "./project-snapshot.ts";
import { savedTrainingSettingsSchema } from "../training/saved-training-settings.ts";

/** The version that this program writes. */
export const PROJECT_FILE_VERSION = 5;

/** What `orthomask.json` remembers of a folder: only what the user decided, never what the files say themselves. */
export const projectFileSchema = z.strictObject({
  format: z.literal("orthomask-project"),
  version: z.literal(PROJECT_FILE_VERSION),
  /** The classes as edited; null while they still come from the folder's own files. */
  classes: landClassesSchema.nullable(),
  view: viewStateSchema.nullable(),
  /** Layers, swipe and selections as the user left them; null while untouched. Since version 3; with the layers of two runs since 4, of uncertainty and unlabelled areas since 5. */
  display: displayStateSchema.nullable(),
  /** The settings of the next training as the user left them; null while they are the suggested ones. Since version 2. */
  training: savedTrainingSettingsSchema.nullable(),
});
export type ProjectFile = z.infer<typeof projectFileSchema>;

/** A project file with nothing decided yet. */
export const emptyProjectFile: ProjectFile = {
  format: "orthomask-project",
  version: PROJECT_FILE_VERSION,
  classes: null,
  view: null,
  display: null,
  training: null,
};

/** Turns a document of one version into one of the next. */
export type Migration = (document: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** Migrations by the version they start from: each saved file is led through all that follow its own. */
export const projectFileMigrations: Readonly<Record<number, Migration>> = {
  1: (document) => ({ ...document, version: 2, training: null }),
  2: (document) => ({ ...document, version: 3, ...splitView(document["view"]) }),
  3: (document) => ({ ...document, version: 4, display: withAllLayers(document["display"]) }),
  4: (document) => ({ ...document, version: 5, display: withAllLayers(document["display"]) }),
};

/** Until version 2, the layers' visibility and opacity were part of the view. */
function splitView(view: unknown): { view: unknown; display: unknown } {
  if (typeof view !== "object" || view === null || !("layers" in view)) {
    return { view, display: null };
  }
  const { layers: kept, ...where } = view;
  const looks = z.record(z.string(), layerLookSchema).safeParse(kept).data ?? {};
  const layers = Object.fromEntries(
    layerKinds.map((kind) => [kind, { ...initialDisplay.layers[kind], ...looks[kind] }]),
  );
  return { view: where, display: { ...initialDisplay, layers } };
}

/** Earlier versions have fewer kinds of layers. */
function withAllLayers(display: unknown): unknown {
  const parts = z
    .looseObject({
      layers: z.record(z.string(), z.unknown()),
      mosaicLayers: z.record(z.string(), z.record(z.string(), z.unknown())),
    })
    .safeParse(display).data;
  if (parts === undefined) {
    return display;
  }
  const asTheOthers = Object.fromEntries(layerKinds.map((kind) => [kind, { visible: true, opacity: 1 }]));
  return {
    ...parts,
    layers: { ...initialDisplay.layers, ...parts.layers },
    mosaicLayers: Object.fromEntries(
      Object.entries(parts.mosaicLayers).map(([id, looks]) => [id, { ...asTheOthers, ...looks }]),
    ),
  };
}

/** What became of reading a project file: `newer` must never be overwritten by this program. */
export type ParsedProjectFile =
  | { readonly kind: "ok"; readonly file: ProjectFile }
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "damaged"; readonly reason: string };

const headerSchema = z.looseObject({ format: z.literal("orthomask-project"), version: z.int().min(1) });

/** Reads the text of a project file of this or any earlier version. */
export function parseProjectFile(text: string): ParsedProjectFile {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { kind: "damaged", reason: error instanceof Error ? error.message : String(error) };
  }
  const header = headerSchema.safeParse(document);
  if (!header.success) {
    return { kind: "damaged", reason: z.prettifyError(header.error) };
  }
  if (header.data.version > PROJECT_FILE_VERSION) {
    return { kind: "newer", version: header.data.version };
  }
  const parsed = projectFileSchema.safeParse(
    migrateDocument(
      header.data,
      { from: header.data.version, to: PROJECT_FILE_VERSION },
      projectFileMigrations,
    ),
  );
  return parsed.success
    ? { kind: "ok", file: parsed.data }
    : { kind: "damaged", reason: z.prettifyError(parsed.error) };
}

/** Leads a document of version `from` through one migration after another up to version `to`; null where one is missing. */
export function migrateDocument(
  document: Readonly<Record<string, unknown>>,
  { from, to }: { readonly from: number; readonly to: number },
  migrations: Readonly<Record<number, Migration>>,
): Readonly<Record<string, unknown>> | null {
  let current = document;
  for (let version = from; version < to; version++) {
    const migrate = migrations[version];
    if (migrate === undefined) {
      return null;
    }
    current = migrate(current);
  }
  return current;
}
