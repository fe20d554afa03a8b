import type { Dropped, PickableFile } from "#shared/contract.ts";
import type { Workspace } from "../state/workspace.svelte.ts";
import { mergeLabelsFrom, mergeObstacle } from "./merge-labels.ts";

const isOfPolygons = (name: string): boolean => /\.(geojson|json|gpkg|shp|fgb)$/i.test(name);

/**
 * Answers files that were dropped on the window of a browser. A page isn't told where they lie, and only the host reads files, by ids of its own: so the way to
 * them is said, and offered where it is clear. Without an answer the browser would leave the page for the file.
 */
export function answerDroppedFiles(workspace: Workspace, names: readonly string[]): void {
  const { project, toasts } = workspace;
  const [name] = names;
  if (name === undefined) {
    return;
  }
  if (project === null) {
    toasts.show("note", `${name} can't be opened by dropping it: open the folder that it lies in.`);
  } else if (isOfPolygons(name) && project.readyMosaics.length > 0) {
    toasts.show("note", `The window isn't told where ${name} lies: choose it to import its polygons.`, [
      { label: "Import polygons…", run: () => workspace.importPolygons() },
    ]);
  } else {
    toasts.show("note", unusable(name));
  }
}

/** Does what is meant by dropping something on the desktop app's window: a folder is opened, polygons are imported, labels can be merged. */
export function takeDropped(workspace: Workspace, dropped: Dropped): void {
  if (mayNotBeLeft(workspace)) {
    workspace.toasts.show("note", "Close what lies over the window first, then drop it again.");
    return;
  }
  if (dropped.kind === "folder") {
    workspace.closeOverlay();
    void workspace.openFolderById(dropped.folder.folderId, dropped.folder.name);
  } else if (dropped.purposes.includes("polygons")) {
    importDropped(workspace, dropped.file);
  } else if (dropped.purposes.includes("masks")) {
    offerMerge(workspace, dropped.file);
  } else {
    workspace.toasts.show("note", unusable(dropped.file.name));
  }
}

/** Dialogs that hold what somebody has typed; a picker only waits for a file, which a drop is. */
function mayNotBeLeft({ overlay }: Workspace): boolean {
  return overlay.kind === "add-remote" || overlay.kind === "masks" || overlay.kind === "segment-model";
}

function importDropped(workspace: Workspace, file: PickableFile): void {
  const { project, toasts } = workspace;
  if (project === null) {
    toasts.show("note", `${file.name} holds polygons: open the folder of their mosaics first.`);
  } else if (project.readyMosaics.length === 0) {
    toasts.show("note", `There is no mosaic to import ${file.name} into.`);
  } else {
    workspace.overlay = { kind: "import-vectors", file };
  }
}

function offerMerge(workspace: Workspace, file: PickableFile): void {
  const { project, toasts } = workspace;
  if (project === null) {
    toasts.show("note", `Mosaics are opened by their folder: drop the folder that ${file.name} lies in.`);
    return;
  }
  const obstacle = mergeObstacle(workspace, project);
  toasts.show(
    "note",
    obstacle ?? `${file.name}: mosaics go into the project's folder. If it holds labels, they can be merged.`,
    obstacle === null
      ? [{ label: "Merge labels", run: () => mergeLabelsFrom(workspace, project, file) }]
      : [],
  );
}

function unusable(name: string): string {
  return `${name} can't be taken up by dropping it. Images go into the project's folder, which is then read again; labels come by “Merge labels…”.`;
}
