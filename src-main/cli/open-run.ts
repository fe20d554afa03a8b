import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
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
  const known = await services.learning.runs.get(project.id, found.run.id).catch(() => null);
  const stored = known ?? (await services.learning.runs.adopt(project, found.directory));
  return { services, project, stored };
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

/** Labelled mosaics that a run has predicted. Throws `conflict` where there is none. */
export async function comparableMosaics(
  { services, project, stored: { run } }: OpenedRun,
  names: string | undefined,
): Promise<ReadyMosaic[]> {
  const predicted: ReadyMosaic[] = [];
  for (const mosaic of readyMosaics(project)) {
    const hasMask = mosaic.mask.kind === "matched" || mosaic.mask.kind === "edited";
    if (hasMask && (await services.learning.readPrediction(project.id, mosaic.id, run.id)) !== null) {
      predicted.push(mosaic);
    }
  }
  const chosen = mosaicsNamed(predicted, names);
  if (chosen.length === 0) {
    throw new RpcError(
      "conflict",
      `${run.name} has predicted no labelled mosaic: run \`orthomask predict ${run.id} --project ${project.folderPath}\` first.`,
    );
  }
  return chosen;
}
