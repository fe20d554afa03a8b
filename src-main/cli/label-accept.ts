import type { Command } from "commander";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { acceptPrediction } from "../host/labels/accept-prediction.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { findRun } from "./find-run.ts";
import { classIdOf, lockedIdsOf, ringOf } from "./label-area.ts";
import { mosaicsNamed, openProject, readyMosaics, runInProject } from "./open-run.ts";
import { share } from "./option-values.ts";

interface AcceptOptions {
  readonly run: string;
  readonly polygon?: string;
  readonly rectangle?: string;
  readonly class?: string;
  readonly confidence: number;
  readonly onlyUnlabelled: boolean;
  readonly lock?: string;
}

/** `orthomask label accept`: makes a run's prediction the labels of an area as the window's tool does, in the same undo history. */
export function registerLabelAccept(label: Command, io: CliIo): void {
  label
    .command("accept")
    .description("make a run's prediction the labels of a mosaic or of an area of it; one undo step")
    .argument("<dir>", "the project's folder")
    .argument("<mosaic>", "the mosaic's name")
    .requiredOption("--run <run>", "whose prediction: a run's id, or its folder")
    .option("--polygon <points>", 'only inside corners in mosaic pixels: "10,10 200,10 200,150"')
    .option("--rectangle <x,y,w,h>", "only inside a rectangle in mosaic pixels")
    .option("--class <class>", "only what is predicted as this class: its id or name")
    .option("--confidence <share>", "only where the network is at least so sure", share(0, 1), 0)
    .option("--only-unlabelled", "leave pixels that have a label", false)
    .option("--lock <classes>", "leave pixels of these classes, with commas")
    .action(async (dir: string, name: string, _: AcceptOptions, command: Command) => {
      // `label` itself has options of these names, and takes them for its own wherever they stand.
      const options = command.optsWithGlobals<AcceptOptions>();
      const project = await openProject(io, dir);
      const services = await io.services();
      const { run } = await runInProject(
        services,
        project,
        await findRun(services.learning.runs, options.run),
      );
      const [mosaic] = mosaicsNamed(readyMosaics(project), name);
      if (mosaic === undefined) {
        throw new UsageError(`There is no mosaic ${name}.`);
      }
      const { classes } = project.snapshot();
      const prediction = await services.learning.readPrediction(project.id, mosaic.id, run.id);
      if (prediction === null) {
        throw new RpcError(
          "not-found",
          `${run.name} has predicted nothing of ${mosaic.name} yet: run \`orthomask predict ${run.id} --project ${project.folderPath}\` first.`,
        );
      }
      const area = { kind: "polygon" as const, rings: [ringOf(options) ?? wholeRing(mosaic.image)] };
      const accepted = {
        name: "Accept prediction",
        classId: options.class === undefined ? null : classIdOf("--class", options.class, classes),
        leastConfidence: options.confidence,
        rules: { lockedIds: lockedIdsOf(options.lock, classes), onlyUnlabelled: options.onlyUnlabelled },
      };
      const progress = io.progress("accepting");
      const [change] = await acceptPrediction(
        project,
        [{ mosaicId: mosaic.id, area, prediction }],
        accepted,
        {
          signal: io.signal,
          onProgress: (share) => {
            progress.update({ progress: share, detail: mosaic.name });
          },
        },
      ).finally(() => {
        progress.end();
      });
      const { revision = null, pixels = 0, checkedCells = 0 } = change ?? {};
      io.answer({ mosaic: mosaic.name, run: run.id, revision, pixels, checkedCells }, () => {
        const checked =
          checkedCells === 0 ? "" : `, also in ${checkedCells} review cells that are marked checked`;
        return `${mosaic.name}: ${pixels.toLocaleString("en")} pixels are labelled as predicted${checked}`;
      });
    });
}

function wholeRing({ width, height }: { readonly width: number; readonly height: number }): PixelPoint[] {
  return [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ];
}
