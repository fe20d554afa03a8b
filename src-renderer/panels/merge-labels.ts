import type { ProjectState } from "../state/project.svelte.ts";
import type { Workspace } from "../state/workspace.svelte.ts";
import { copyText } from "../ui/copy-text.ts";

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
    void project.conflicts.merge(mosaic.id, file).then((sentence) => {
      if (sentence !== null) {
        workspace.layers.labels.visible = true;
        workspace.toasts.show("done", `${file.name} merged into ${mosaic.name}: ${sentence}`, [
          {
            label: "Copy as command",
            run: () =>
              void copyText(
                project.commandLine({
                  kind: "merge-labels",
                  mosaicId: mosaic.id,
                  filePath: file.displayPath,
                }),
              ),
          },
        ]);
      }
    });
  });
}
