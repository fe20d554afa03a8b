import { z } from "zod";
import { crsSchema } from "../geo/crs.ts";
import { classIdSchema, type LandClass } from "../project/land-class.ts";
import { idSchema } from "../project/mosaic.ts";

/** A vector file as it is found: its layers with their coordinate systems. */
export const vectorFileSchema = z.strictObject({
  format: z.enum(["GeoJSON", "GeoPackage", "Shapefile", "FlatGeobuf"]),
  layers: z.array(z.strictObject({ name: z.string(), crs: crsSchema })),
});

/** What a field says, as text; null where it says nothing. */
const fieldValueSchema = z.string().nullable();

/** One field of a layer. */
export const vectorFieldSchema = z.strictObject({
  name: z.string(),
  /** The most frequent first, with how many polygons say so; null where there are more than classes could be. */
  values: z.array(z.strictObject({ value: fieldValueSchema, polygons: z.int() })).nullable(),
});
export type VectorField = z.infer<typeof vectorFieldSchema>;

/** What is in a layer. */
export const vectorInspectionSchema = z.strictObject({
  features: z.int(),
  polygons: z.int(),
  withoutGeometry: z.int(),
  /** Points, lines and the like. */
  notPolygons: z.int(),
  fields: z.array(vectorFieldSchema),
  /** Mosaics that some of the polygons meet, by their boxes, and how many. */
  mosaics: z.array(z.strictObject({ mosaicId: idSchema, polygons: z.int() })),
  /** Why polygons can't be placed on some mosaics, in a sentence; null where they can on all. */
  obstacle: z.string().nullable(),
});
export type VectorInspection = z.infer<typeof vectorInspectionSchema>;

/** What polygons become. */
export const vectorTargetSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("class"), classId: classIdSchema }),
  /** A class that is made first. */
  z.strictObject({ kind: z.literal("new"), name: z.string().trim().min(1).max(80) }),
  z.strictObject({ kind: z.literal("ignore") }),
]);
export type VectorTarget = z.infer<typeof vectorTargetSchema>;

/** Which polygons become which class: all the same, or by what a field says. */
export const vectorMappingSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("all"), target: vectorTargetSchema }),
  z.strictObject({
    kind: z.literal("field"),
    field: z.string(),
    /** Polygons with other values are left out. */
    targets: z.array(z.strictObject({ value: fieldValueSchema, target: vectorTargetSchema })).max(4096),
  }),
]);
export type VectorMapping = z.infer<typeof vectorMappingSchema>;

/** What became of every feature of a layer: the first numbers add up to `features`. */
export const vectorReportSchema = z.strictObject({
  features: z.int(),
  burned: z.int(),
  /** Away from all mosaics, or too small to hold the centre of a pixel. */
  outside: z.int(),
  withoutGeometry: z.int(),
  notPolygons: z.int(),
  ignored: z.int(),
  /** With a value for which no class was given. */
  unmapped: z.int(),
  /** With coordinates that have no place in the mosaics' coordinate systems. */
  unplaced: z.int(),
  /** Mosaics with labels that changed, each by one step that can be undone. */
  mosaics: z.array(z.strictObject({ mosaicId: idSchema, pixels: z.int() })),
  newClasses: z.array(z.string()),
});
export type VectorReport = z.infer<typeof vectorReportSchema>;

/** How a value of a field is written: numbers and truths as text, nothing as null. */
export function fieldValueText(value: string | number | boolean | null | undefined): string | null {
  return value === null || value === undefined || value === "" ? null : String(value);
}

/** The class that a value means: the one of that name, whatever the case, blanks and underscores, else the one of that id. */
export function guessClass<Named extends Pick<LandClass, "id" | "name">>(
  value: string | null,
  classes: readonly Named[],
): Named | null {
  if (value === null) {
    return null;
  }
  const plain = plainName(value);
  const named = classes.find(({ name }) => plainName(name) === plain);
  const id = /^\d{1,3}(\.0+)?$/.test(value.trim()) ? Number(value) : null;
  return named ?? classes.find((item) => item.id === id) ?? null;
}

/** The field that most likely says the class: with the largest share of polygons that a class is guessed for; null where none has few values. */
export function guessField(fields: readonly VectorField[], classes: readonly LandClass[]): string | null {
  let best: { readonly name: string; readonly guessed: number; readonly values: number } | null = null;
  for (const { name, values } of fields) {
    if (values === null) {
      continue;
    }
    const guessed = values.reduce(
      (sum, { value, polygons }) => sum + (guessClass(value, classes) === null ? 0 : polygons),
      0,
    );
    // Of two that say as much, the one that says more: names are rather that than a column of ones.
    const isBetter =
      best === null ||
      guessed > best.guessed ||
      (guessed === best.guessed && guessed === 0 && values.length > best.values);
    if (isBetter) {
      best = { name, guessed, values: values.length };
    }
  }
  return best?.name ?? null;
}

/** What happened, in a sentence or a few. */
export function vectorReportSentence(report: VectorReport): string {
  const pixels = report.mosaics.reduce((sum, mosaic) => sum + mosaic.pixels, 0);
  const count = report.mosaics.length;
  const left = (
    [
      [report.outside, "outside the mosaics or below a pixel"],
      [report.unmapped, "with values of no class"],
      [report.ignored, "ignored"],
      [report.withoutGeometry, "without geometry"],
      [report.notPolygons, "no polygons"],
      [report.unplaced, "without a place in the mosaics’ coordinate systems"],
    ] as const
  )
    .filter(([features]) => features > 0)
    .map(([features, why]) => `${number(features)} ${why}`);
  const done =
    count === 0
      ? `${number(report.burned)} of ${number(report.features)} polygons lie on mosaics, and no label changed.`
      : `${number(report.burned)} of ${number(report.features)} polygons became labels: ${number(pixels)} pixels in ${count === 1 ? "one mosaic" : `${count} mosaics`} changed.`;
  return left.length === 0 ? done : `${done} Left out: ${left.join(", ")}.`;
}

function plainName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, " ");
}

function number(value: number): string {
  return value.toLocaleString("en");
}
