import type { ReviewState } from "#shared/labels/review-cells.ts";
import type { Command } from "../state/commands.svelte.ts";
import type { MosaicCell } from "../state/next-cell.ts";
import type { ProjectState } from "../state/project.svelte.ts";
import type { Workspace } from "../state/workspace.svelte.ts";

/** The cell under the pointer, or in the middle of the map while the pointer is elsewhere; null away from mosaics. */
function cellInHand({ cursor }: Workspace, { review }: ProjectState): MosaicCell | null {
  const pixel = cursor.reading?.pixel ?? null;
  return pixel === null ? null : review.cellAt(pixel.mosaicId, [pixel.column, pixel.row]);
}

/** The cell in the middle of the map; null away from mosaics. */
export function cellInMiddle({ mapView }: Workspace, { review }: ProjectState): MosaicCell | null {
  const { element, surface } = mapView.labelSurface ?? {};
  const found =
    element === undefined ? null : surface?.locate([element.clientWidth / 2, element.clientHeight / 2]);
  return found === null || found === undefined ? null : review.cellAt(found.mosaicId, found.point);
}

/** Gives the cell in hand a state, or has it to do again; the grid shows what happened. */
function toggleCell(workspace: Workspace, project: ProjectState, state: ReviewState): void {
  const cell = cellInHand(workspace, project);
  workspace.preferences.change({ cellsShown: true });
  if (cell !== null) {
    if (project.review.stateOf(cell) === state) {
      workspace.toasts.show("note", `The cell was ${state} already: it is to do again.`);
    }
    void project.review.toggleState(cell, state);
  }
}

/** What the palette and the keyboard can do with review cells, in Label mode. */
export function reviewCommands(workspace: Workspace, project: ProjectState): Command[] {
  if (workspace.mode !== "label") {
    return [];
  }
  const { review } = project;
  const command = (
    id: string,
    title: string,
    chord: string | null,
    run: () => void,
    obstacle: () => string | null = () => null,
  ): Command => ({
    id: `review.${id}`,
    title,
    group: "Review",
    chord,
    enabled: () => true,
    obstacle,
    run,
  });
  const unpredicted = (): string | null => workspace.layers.predictionObstacle;
  const cellObstacle = (): string | null =>
    cellInHand(workspace, project) === null ? "Point at a mosaic first." : null;
  // Who goes from cell to cell wants to see where one ends.
  const step = (by: 1 | -1) => (): void => {
    workspace.preferences.change({ cellsShown: true });
    review.goToUnlabelled(cellInMiddle(workspace, project), by);
  };
  const stepUncertain = (by: 1 | -1) => (): void => {
    workspace.preferences.change({ cellsShown: true });
    void review.goToUncertain(workspace.layers.predictionRunId, by);
  };
  return [
    command("next-unlabelled", "Next unlabelled cell", "N", step(1)),
    command("previous-unlabelled", "Previous unlabelled cell", "Shift+N", step(-1)),
    command("next-uncertain", "Next most uncertain cell", "M", stepUncertain(1), unpredicted),
    command("previous-uncertain", "Previous uncertain cell", "Shift+M", stepUncertain(-1), unpredicted),
    command(
      "done",
      "Mark the cell done, or to do again",
      "D",
      () => {
        toggleCell(workspace, project, "done");
      },
      cellObstacle,
    ),
    command(
      "checked",
      "Mark the cell checked, or to do again",
      "C",
      () => {
        toggleCell(workspace, project, "checked");
      },
      cellObstacle,
    ),
    command(
      "to-do",
      "Mark the cell to do",
      null,
      () => {
        const cell = cellInHand(workspace, project);
        if (cell !== null) {
          void review.setState(cell, "to-do");
        }
      },
      cellObstacle,
    ),
    command("cells", "Show or hide review cells", "X", () => {
      workspace.preferences.change({ cellsShown: !workspace.preferences.values.cellsShown });
    }),
  ];
}
