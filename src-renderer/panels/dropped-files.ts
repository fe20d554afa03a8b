import type { Workspace } from "../state/workspace.svelte.ts";

const isOfPolygons = (name: string): boolean => /\.(geojson|json|gpkg|shp|fgb)$/i.test(name);

/**
 * Answers files that were dropped on the window. A page isn't told where they lie, and only the host reads files, by ids of its own: so the way to them is
 * said, and offered where it is clear. Without an answer the browser would leave the page for the file.
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
    toasts.show(
      "note",
      `${name} can't be taken up by dropping it. Images go into the project's folder, which is then read again; labels come by “Merge labels…”.`,
    );
  }
}
