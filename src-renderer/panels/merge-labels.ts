import type { ProjectState } from "../state/project.svelte.ts";
import type { Workspace } from "../state/workspace.svelte.ts";

/** Lets the user choose a file of labels, and merges it into the mosaic that it is named after, else the selected or only one. */
export function mergeLabels(workspace: Workspace, project: ProjectState): void {
  workspace.pickFile("masks", (file) => {
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
    workspace.layers.labels.visible = true;
    void project.conflicts.merge(mosaic.id, file);
  });
}
