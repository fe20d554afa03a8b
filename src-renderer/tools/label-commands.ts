import type { Command } from "../state/commands.svelte.ts";
import type { ProjectState } from "../state/project.svelte.ts";
import type { Workspace } from "../state/workspace.svelte.ts";
import { pickClassAt } from "./pick-class.ts";
import { labelTool, labelTools } from "./index.ts";

/** What the palette and the keyboard can do in Label mode. */
export function labelCommands(workspace: Workspace, { labelling }: ProjectState): Command[] {
  if (workspace.mode !== "label") {
    return [];
  }
  const command = (
    id: string,
    title: string,
    chord: string | null,
    run: () => void,
    more: Partial<Command> = {},
  ): Command => ({ id: `label.${id}`, title, group: "Label", chord, enabled: () => true, run, ...more });
  const choose = (toolId: string | null) => (): void => {
    labelling.toolId = toolId;
    if (toolId !== null) {
      // Who paints wants to see it.
      workspace.layers.labels.visible = true;
    }
  };
  const { undo, redo } = labelling.history;
  const isPainting = labelling.toolId !== null;
  // Where no class is painted, digits stay with the layers.
  const choosesClasses = labelTool(labelling.toolId)?.options.includes("class") === true;
  return [
    ...labelTools.map((tool) => command(tool.id, tool.title, tool.key, choose(tool.id))),
    command("pan", "Move the map", "V", choose(null)),
    command("segment-model", "Choose a segment model…", null, () => {
      workspace.overlay = { kind: "segment-model", encoder: null, decoder: null };
    }),
    command("undo", undo === null ? "Undo" : `Undo ${undo}`, "Ctrl+Z", () => void labelling.undo(), {
      obstacle: () => (undo === null ? "There is nothing to undo." : null),
      leavesTyping: true,
    }),
    command("redo", redo === null ? "Redo" : `Redo ${redo}`, "Ctrl+Shift+Z", () => void labelling.redo(), {
      obstacle: () => (redo === null ? "There is nothing to redo." : null),
      leavesTyping: true,
    }),
    ...(isPainting
      ? [
          command("pick", "Paint with the class under the pointer", "I", () => {
            if (labelling.pointer !== null) {
              void pickClassAt(labelling.pointer.point, { labelling, mosaicId: labelling.pointer.mosaicId });
            }
          }),
          command("lock", "Lock the class, or let it be painted over", "Shift+L", () => {
            if (labelling.paintClass !== null) {
              labelling.toggleLock(labelling.paintClass.id);
            }
          }),
          command("only-unlabelled", "Paint only over what has no label", "O", () => {
            labelling.onlyUnlabelled = !labelling.onlyUnlabelled;
          }),
          command("smaller", "Smaller brush", "[", () => {
            labelling.changeSize(-1);
          }),
          command("larger", "Larger brush", "]", () => {
            labelling.changeSize(1);
          }),
          // The keys that show layers elsewhere.
          ...(choosesClasses ? labelling.classes : []).slice(0, 9).map(({ id, name }, index) =>
            command(`class-${id}`, `Paint ${name}`, String(index + 1), () => {
              labelling.chooseClass(id);
            }),
          ),
        ]
      : []),
  ];
}
