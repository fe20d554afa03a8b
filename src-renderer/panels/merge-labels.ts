import type { PickableFile } from "#shared/contract.ts";
import type { Job } from "#shared/jobs/job.ts";
import type { ProjectState } from "../state/project.svelte.ts";
import type { Workspace } from "../state/workspace.svelte.ts";

/** The merge that a project is in just now; null without one. */
export function runningMerge(workspace: Workspace, project: ProjectState): Job | null {
  const running = workspace.jobs.active;
  return running.find(({ kind, projectId }) => kind === "merge" && projectId === project.id) ?? null;
}

/** Why labels can't be merged now; null when they can. */
export function mergeObstacle(workspace: Workspace, project: ProjectState): string | null {
  if (project.readyMosaics.length === 0) {
    return "There is no mosaic to label.";
  }
  return runningMerge(workspace, project) === null ? null : "Labels are being merged just now.";
}

/** Lets the user choose a file of labels, and merges it. */
export function mergeLabels(workspace: Workspace, project: ProjectState): void {
  workspace.pickFile("masks", (file) => {
    mergeLabelsFrom(workspace, project, file);
  });
}

/** Merges a file of labels into the mosaic that it is named after, else the selected or only one. */
export function mergeLabelsFrom(workspace: Workspace, project: ProjectState, file: PickableFile): void {
  const stem = file.name.replace(/\.[^.]*$/, "").toLowerCase();
  const mosaics = project.readyMosaics;
  const mosaic =
    mosaics.find(({ name }) => name.toLowerCase() === stem) ??
    mosaics.find(({ id }) => id === project.selectedMosaicId) ??
    (mosaics.length === 1 ? mosaics[0] : undefined);
  if (mosaic === undefined) {
    workspace.toasts.show(
      "error",
      `No mosaic is called ${stem}: select the one that ${file.name} is of, and try again.`,
    );
    return;
  }
  workspace.mode = "label";
  workspace.layers.labels.visible = true;
  void project.conflicts.merge(mosaic.id, file);
}
