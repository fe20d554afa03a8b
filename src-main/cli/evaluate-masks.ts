import path from "node:path";
import type { ClassMapping } from "#shared/metrics/id-pairs.ts";
import type { MaskEvaluation } from "#shared/metrics/mask-evaluation.ts";
import type { JudgedSet } from "../host/evaluation/index.ts";
import type { Project } from "../host/projects/project.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import {
  describeDetail,
  describePlaces,
  groundOf,
  MOST_PLACES,
  placesSelection,
  type GroundOptions,
} from "./evaluate-run.ts";
import { mosaicsNamed, openProject, readyMosaics } from "./open-run.ts";

/** How masks are read that are compared with a project's labels. */
export interface MaskOptions extends GroundOptions {
  readonly mapping: ClassMapping | undefined;
  readonly otherGrids: "nearest" | undefined;
}

/** Masks with the labels that they go with, and their project. Throws `UsageError` without a project, and for ground of a run. */
export async function judgeMasks(
  io: CliIo,
  given: string,
  options: MaskOptions,
): Promise<{ readonly project: Project; readonly set: JudgedSet }> {
  if (options.project === undefined) {
    throw new UsageError("--masks needs --project: the folder whose labels the masks are compared with.");
  }
  const project = await openProject(io, options.project);
  const within = await groundOf(project, options.within);
  if (within?.kind === "run") {
    throw new UsageError(
      `--within ${within.part} is a part of a run's own ground: with --masks, name a saved split as NAME:PART.`,
    );
  }
  const { masks } = (await io.services()).learning.evaluation;
  const set = await masks.judge(project, path.resolve(given), {
    mosaicIds:
      options.mosaics === undefined
        ? null
        : mosaicsNamed(readyMosaics(project), options.mosaics).map(({ id }) => id),
    mapping: options.mapping ?? {},
    otherGrids: options.otherGrids ?? "refuse",
    borderTolerancePixels: options.border,
    within,
  });
  return { project, set };
}

/** Compares any masks with the labels of a project, on all that is labelled or a part of a saved split; with `places`, looks for one cell's places instead. */
export async function evaluateMasks(
  io: CliIo,
  given: string,
  options: MaskOptions & { readonly places?: string | undefined },
): Promise<void> {
  const selection = options.places === undefined ? null : placesSelection(options.places);
  const { project, set } = await judgeMasks(io, given, options);
  const { masks } = (await io.services()).learning.evaluation;
  if (selection !== null) {
    const found = await masks.places(project, set, { selection, most: MOST_PLACES }, { signal: io.signal });
    io.answer(found, (answer) => describePlaces(answer, readyMosaics(project)));
    return;
  }
  const progress = io.progress("comparing");
  const evaluation = await masks
    .count(project, set, {
      signal: io.signal,
      onProgress: (share) => {
        progress.update({ progress: share, detail: "" });
      },
    })
    .finally(() => {
      progress.end();
    });
  for (const name of evaluation.withoutMask) {
    io.warn(`${name} has no mask there and is left out`);
  }
  for (const name of evaluation.resampled) {
    io.warn(`the mask of ${name} lies on another grid, and was resampled by the nearest pixel`);
  }
  warnOfClasses(io, evaluation);
  const { detail, compared } = evaluation;
  io.answer({ ...detail, compared }, describeDetail);
}

/** Tells of values that are no class, and of names that differ: nobody should read numbers of mixed-up classes. */
export function warnOfClasses(
  io: CliIo,
  { unknown, renamed }: Pick<MaskEvaluation, "unknown" | "renamed">,
): void {
  for (const { id, pixels } of unknown) {
    io.warn(
      `value ${id} (${pixels} px) is no class of the truth and counts as no prediction; say what it is with --map ${id}=CLASS, or --map ${id}=none`,
    );
  }
  for (const { id, truth, prediction } of renamed) {
    io.warn(
      `value ${id} is “${prediction}” in the judged masks and “${truth}” in the truth; say what it is with --map ${id}=CLASS`,
    );
  }
}
