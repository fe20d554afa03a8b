import path from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { crsLabel } from "#shared/geo/crs.ts";
import {
  guessClass,
  guessField,
  vectorReportSentence,
  type VectorField,
  type VectorInspection,
  type VectorMapping,
  type VectorTarget,
} from "#shared/labels/vector-import.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import type { Project } from "../host/projects/project.ts";
import {
  importVectors,
  inspectVectors,
  listVectorLayers,
  type NamedLayer,
} from "../host/vector-import/index.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { classIdOf, lockedIdsOf } from "./label-area.ts";
import { mosaicsNamed, openProject, readyMosaics } from "./open-run.ts";

interface ImportOptions {
  readonly layer?: string;
  readonly crs?: number;
  readonly field?: string;
  readonly map: readonly string[];
  readonly class?: string;
  readonly newClasses: boolean;
  readonly mosaics?: string;
  readonly onlyUnlabelled: boolean;
  readonly lock?: string;
  readonly list: boolean;
}

/** `orthomask label import-vectors`: burns polygons into labels as the window's import does, in the same undo history. */
export function registerLabelVectors(label: Command, io: CliIo): void {
  label
    .command("import-vectors")
    .description(
      "burn polygons into labels: GeoJSON, GeoPackage, Shapefile or FlatGeobuf, in the order of the features; one undo step a mosaic",
    )
    .argument("<dir>", "the project's folder")
    .argument("<file>", "the file of polygons")
    .option("--layer <name>", "a layer of a GeoPackage; the first otherwise")
    .option("--crs <code>", "the EPSG code of the coordinates, where the file doesn't say it", epsgCode)
    .option("--field <name>", "the field that says the class; the one with most known values otherwise")
    .option(
      "--map <value=class>",
      'what a value becomes: a class\'s id or name, "new:NAME" or "ignore"; again for each; others by equal names and ids',
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option("--class <class>", 'what all polygons become: a class\'s id or name, or "new:NAME"')
    .option("--new-classes", "make classes of values that mean none yet", false)
    .option("--mosaics <names>", "only these mosaics, with commas")
    .option("--only-unlabelled", "leave pixels that have a label", false)
    .option("--lock <classes>", "leave pixels of these classes, with commas")
    .option("--list", "only list layers and fields, and what their values would become", false)
    .action(async (dir: string, file: string, _: ImportOptions, command: Command) => {
      // `label` itself has options of these names, and takes them for its own wherever they stand.
      const options = command.optsWithGlobals<ImportOptions>();
      if (options.field !== undefined && options.class !== undefined) {
        throw new UsageError("Give --field or --class, not both.");
      }
      const project = await openProject(io, dir);
      const named: NamedLayer = {
        filePath: path.resolve(file),
        layerName: options.layer ?? null,
        crsCode: options.crs ?? null,
      };
      if (options.list) {
        await list(project, named, io);
        return;
      }
      const { classes } = project.snapshot();
      const mapping = await mappingOf(project, named, options, io);
      const progress = io.progress(`importing ${path.basename(file)}`);
      const report = await importVectors(
        project,
        {
          ...named,
          mapping,
          mosaicIds: mosaicsNamed(readyMosaics(project), options.mosaics).map(({ id }) => id),
          rules: {
            lockedIds: lockedIdsOf(options.lock, classes),
            onlyUnlabelled: options.onlyUnlabelled,
          },
        },
        {
          signal: io.signal,
          onProgress: (share, detail) => {
            progress.update({ progress: share, detail });
          },
        },
      ).finally(() => {
        progress.end();
      });
      io.answer(
        {
          ...report,
          mosaics: report.mosaics.map(({ mosaicId, pixels }) => ({
            mosaic: project.mosaic(mosaicId).name,
            pixels,
          })),
        },
        () => vectorReportSentence(report),
      );
    });
}

async function list(project: Project, named: NamedLayer, io: CliIo): Promise<void> {
  const { format, layers } = await listVectorLayers(named.filePath);
  const { classes } = project.snapshot();
  const listed = [];
  for (const { name, crs } of layers.filter((layer) => (named.layerName ?? layer.name) === layer.name)) {
    const inspection = await inspectVectors(project, { ...named, layerName: name }, { signal: io.signal });
    listed.push({ layer: name, crs: crsLabel(crs), ...described(project, inspection, classes) });
  }
  io.answer({ format, layers: listed }, (answer) =>
    answer.layers
      .flatMap(({ layer, crs, polygons, fields, mosaics }) => [
        `${layer}: ${polygons} polygons, ${crs}; on ${mosaics.map(({ mosaic }) => mosaic).join(", ") || "no mosaic"}`,
        ...fields.flatMap(({ field, values }) =>
          values === null
            ? [`  ${field}: too many values`]
            : [
                `  ${field}`,
                ...values.map(
                  ({ value, polygons: count, class: meant }) =>
                    `    ${value ?? "(nothing)"}: ${count}${meant === null ? "" : ` → ${meant}`}`,
                ),
              ],
        ),
      ])
      .join("\n"),
  );
}

function described(project: Project, inspection: VectorInspection, classes: readonly LandClass[]) {
  const { fields, mosaics, ...counts } = inspection;
  return {
    ...counts,
    mosaics: mosaics.map(({ mosaicId, polygons }) => ({ mosaic: project.mosaic(mosaicId).name, polygons })),
    fields: fields.map(({ name, values }) => ({
      field: name,
      values:
        values?.map((counted) => ({ ...counted, class: guessClass(counted.value, classes)?.name ?? null })) ??
        null,
    })),
  };
}

/** What the options say of the mapping; without a field, the one that says classes best. */
async function mappingOf(
  project: Project,
  named: NamedLayer,
  options: ImportOptions,
  io: CliIo,
): Promise<VectorMapping> {
  const { classes } = project.snapshot();
  if (options.class !== undefined) {
    return { kind: "all", target: targetOf("--class", options.class, classes) };
  }
  const { fields } = await inspectVectors(project, named, { signal: io.signal });
  const name = options.field ?? guessField(fields, classes);
  const field = fields.find((one) => one.name === name);
  if (name === null || field === undefined) {
    throw new UsageError(
      `${name === null ? "No field says classes" : `There is no field ${name}`}: name one with --field (${fields.map((one) => one.name).join(", ") || "there is none"}), or give all polygons one --class.`,
    );
  }
  return { kind: "field", field: field.name, targets: targetsOf(field, options, classes) };
}

function targetsOf(
  { name, values }: VectorField,
  { map, newClasses }: ImportOptions,
  classes: readonly LandClass[],
): { value: string | null; target: VectorTarget }[] {
  if (values === null && map.length === 0) {
    throw new UsageError(`The field ${name} has more values than there can be classes; map some with --map.`);
  }
  const targets = new Map<string | null, VectorTarget>();
  for (const { value } of values ?? []) {
    const guessed = guessClass(value, classes);
    if (guessed !== null) {
      targets.set(value, { kind: "class", classId: guessed.id });
    } else if (newClasses && value !== null) {
      targets.set(value, { kind: "new", name: value.slice(0, 80) });
    }
  }
  for (const text of map) {
    const at = text.lastIndexOf("=");
    if (at < 0) {
      throw new UsageError(`--map ${text}: expected VALUE=CLASS.`);
    }
    const value = text.slice(0, at);
    targets.set(value === "" ? null : value, targetOf("--map", text.slice(at + 1), classes));
  }
  return [...targets].map(([value, target]) => ({ value, target }));
}

function targetOf(option: string, word: string, classes: readonly LandClass[]): VectorTarget {
  if (word === "ignore") {
    return { kind: "ignore" };
  }
  return word.startsWith("new:") && word.length > 4
    ? { kind: "new", name: word.slice(4) }
    : { kind: "class", classId: classIdOf(option, word, classes) };
}

function epsgCode(text: string): number {
  const code = Number(/^(?:EPSG:)?(\d{4,6})$/i.exec(text)?.[1]);
  if (!Number.isInteger(code)) {
    throw new InvalidArgumentError("Expected an EPSG code, such as 25832.");
  }
  return code;
}
