import { readFile } from "node:fs/promises";
import { Option, type Command } from "commander";
import { labelEditSchema, type LabelEdit } from "#shared/labels/label-edit.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { mosaicsNamed, openProject, readyMosaics } from "./open-run.ts";
import { registerLabelAccept } from "./label-accept.ts";
import { paintIdOf, ringOf } from "./label-area.ts";
import { registerLabelMerge } from "./label-merge.ts";
import { registerLabelVectors } from "./label-vectors.ts";
import { jsonValue } from "./option-values.ts";

interface LabelOptions {
  readonly class?: string;
  readonly polygon?: string;
  readonly rectangle?: string;
  readonly edit?: string;
  readonly onlyUnlabelled: boolean;
  readonly undo?: boolean;
}

/** `orthomask label`: changes the labels of a mosaic as the window's tools do, in the same undo history. */
export function registerLabelCommand(program: Command, io: CliIo): void {
  const label = program
    .command("label")
    .description("label a part of a mosaic, or take the last step back; one undo history with the window")
    .argument("<dir>", "the project's folder")
    .argument("[mosaic]", "the mosaic's name")
    .option("--class <class>", "what the pixels become: a class's id or name, or none")
    // `label accept` leans on this: its options of these names are taken for those of `label`.
    .addOption(
      new Option("--polygon <points>", 'corners in mosaic pixels: "10,10 200,10 200,150"').conflicts(
        "rectangle",
      ),
    )
    .option("--rectangle <x,y,w,h>", "a rectangle in mosaic pixels")
    .option("--edit <file>", "a whole step as JSON, as the window sends it")
    .option("--only-unlabelled", "leave pixels that have a label", false)
    .addOption(new Option("--undo", "take the last step back").conflicts(["polygon", "rectangle", "edit"]))
    .action(async (dir: string, name: string | undefined, options: LabelOptions) => {
      const project = await openProject(io, dir);
      if (options.undo === true) {
        const undone = await project.labels.undo();
        io.answer(
          undone === null
            ? null
            : { mosaic: project.mosaic(undone.mosaicId).name, revision: undone.change.revision },
          (answer) => (answer === null ? "there is nothing to take back" : `taken back in ${answer.mosaic}`),
        );
        return;
      }
      if (name === undefined) {
        throw new UsageError("Name the mosaic to label, or give --undo.");
      }
      const [mosaic] = mosaicsNamed(readyMosaics(project), name);
      if (mosaic === undefined) {
        throw new UsageError(`There is no mosaic ${name}.`);
      }
      const edit = await editOf(options, project.snapshot().classes);
      const change = await project.labels.edit(mosaic.id, edit, null);
      io.answer(
        { mosaic: mosaic.name, revision: change?.revision ?? null, changed: change !== null },
        ({ changed }) => (changed ? `${mosaic.name}: ${edit.name}` : `${mosaic.name}: no pixel changed`),
      );
    });
  registerLabelVectors(label, io);
  registerLabelMerge(label, io);
  registerLabelAccept(label, io);
}

async function editOf(
  options: LabelOptions,
  classes: readonly { readonly id: number; readonly name: string }[],
): Promise<LabelEdit> {
  if (options.edit !== undefined) {
    return jsonValue(`--edit ${options.edit}`, await readFile(options.edit, "utf8"), labelEditSchema);
  }
  const ring = ringOf(options);
  if (ring === null) {
    throw new UsageError("Give what to label: --polygon, --rectangle or --edit.");
  }
  return {
    name: options.polygon === undefined ? "rectangle" : "polygon",
    parts: [{ paintId: paintIdOf(options.class, classes), shape: { kind: "polygon", rings: [ring] } }],
    rules: { lockedIds: [], onlyUnlabelled: options.onlyUnlabelled },
  };
}
