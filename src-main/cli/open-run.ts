import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import { hasLabels, type ReadyMosaic } from "#shared/project/mosaic.ts";
import type { Project } from "../host/projects/project.ts";
import type { StoredRun } from "../host/runs/index.ts";
import type { Services } from "../host/services.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { findRun } from "./find-run.ts";
import { countedProject } from "./project-problems.ts";

/** A run with the project that it belongs to, opened. */
export interface OpenedRun {
  readonly services: Services;
  readonly project: Project;
  readonly stored: StoredRun;
}

/** Opens a project as the window does, without remembering it among the recent ones. */
export async function openProject(io: CliIo, folder: string): Promise<Project> {
  const { projects } = await io.services();
  const project = await projects.open(folder, { remember: false });
  await countedProject(project, io);
  return project;
}

/** Opens a run and its project: the folder given by `--project`, else the one that the run's own folder lies in. */
export async function openRun(io: CliIo, given: string, folder: string | undefined): Promise<OpenedRun> {
  const services = await io.services();
  const found = await findRun(services.learning.runs, given);
  const project = await openProject(io, folder ?? projectFolderOf(found.directory, given));
  return { services, project, stored: await runInProject(services, project, found) };
}

/** A run as the project knows it; one whose folder lies elsewhere is taken up. */
export async function runInProject(
  { learning: { runs } }: Services,
  project: Project,
  { run, directory }: StoredRun,
): Promise<StoredRun> {
  return (await runs.get(project.id, run.id).catch(() => null)) ?? runs.adopt(project, directory);
}

/** Runs lie in FOLDER/.orthomask/runs/ID unless they were put elsewhere. */
function projectFolderOf(directory: string, given: string): string {
  const runs = path.dirname(directory);
  const storage = path.dirname(runs);
  if (path.basename(runs) === "runs" && path.basename(storage) === ".orthomask") {
    return path.dirname(storage);
  }
  throw new UsageError(
    `The run ${given} lies outside its project: name the project's folder with --project.`,
  );
}

/** The mosaics of these names; all that are offered where none are named. Throws `UsageError` for a name that none has. */
export function mosaicsNamed(offered: readonly ReadyMosaic[], names: string | undefined): ReadyMosaic[] {
  if (names === undefined) {
    return [...offered];
  }
  return names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
    .map((name) => {
      const mosaic = offered.find((one) => one.name === name || one.id === name);
      if (mosaic === undefined) {
        throw new UsageError(
          `--mosaics: there is no ${name} to use; there ${offered.length === 1 ? "is" : "are"} ${offered.map((one) => one.name).join(", ") || "none"}.`,
        );
      }
      return mosaic;
    });
}

/** Mosaics of a project that could be read. */
export function readyMosaics(project: Project): ReadyMosaic[] {
  return project.snapshot().mosaics.filter((mosaic) => mosaic.kind === "ready");
}

/** Labelled mosaics that a run has predicted, and another one too where one is given. Throws `conflict` where there is none, `UsageError` for a name of none. */
export async function comparableMosaics(
  { services: { learning }, project, stored: { run } }: OpenedRun,
  names: string | undefined,
  other: StoredRun | null = null,
): Promise<ReadyMosaic[]> {
  const hasPredicted = async (mosaicId: string, runId: string): Promise<boolean> =>
    (await learning.readPrediction(project.id, mosaicId, runId)) !== null;
  const predicted: ReadyMosaic[] = [];
  for (const mosaic of readyMosaics(project)) {
    if (
      hasLabels(mosaic.mask) &&
      (await hasPredicted(mosaic.id, run.id)) &&
      (other === null || (await hasPredicted(mosaic.id, other.run.id)))
    ) {
      predicted.push(mosaic);
    }
  }
  const chosen = mosaicsNamed(predicted, names);
  if (chosen.length === 0) {
    throw new RpcError(
      "conflict",
      other !== null
        ? `There is no labelled mosaic that both ${run.name} and ${other.run.name} have predicted.`
        : `${run.name} has predicted no labelled mosaic: run \`orthomask predict ${run.id} --project ${project.folderPath}\` first.`,
    );
  }
  return chosen;
}
