import type { Command } from "./commands.svelte.ts";
import { guidePageOfMode, guideTopics } from "./guide.ts";
import { mapCommands } from "./map-commands.ts";
import type { Dock } from "./preferences.svelte.ts";
import { modes } from "./workspace.svelte.ts";
import type { Mode, Workspace } from "./workspace.svelte.ts";

export const modeTitles: Readonly<Record<Mode, string>> = {
  label: "Label",
  train: "Train",
  results: "Results",
  export: "Export",
};

/** Registers every action of the window, so that palette, keyboard, native menu and shortcut sheet know the same ones. */
export function addAppCommands(workspace: Workspace): void {
  workspace.commands.add(() => fileCommands(workspace));
  workspace.commands.add(() => viewCommands(workspace));
  workspace.commands.add(() => projectMapCommands(workspace));
  workspace.commands.add(() => trainingCommands(workspace));
  workspace.commands.add(() => foundPlaceCommands(workspace));
  workspace.commands.add(() => placeCommands(workspace));
}

const always = (): boolean => true;

function fileCommands(workspace: Workspace): Command[] {
  const hasProject = (): boolean => workspace.project !== null;
  return [
    {
      id: "open-folder",
      title: "Open folder…",
      group: "Project",
      chord: "Ctrl+O",
      enabled: always,
      run: () => void workspace.openFolder(),
    },
    {
      id: "open-sample",
      title: "Open the sample",
      group: "Project",
      chord: null,
      enabled: always,
      run: () => void workspace.openSample(),
    },
    {
      id: "rescan",
      title: "Read the folder again",
      group: "Project",
      chord: null,
      enabled: hasProject,
      run: () => void workspace.attempt(async () => workspace.project?.rescan()),
    },
    {
      id: "find-moved-files",
      title: "Find moved files in a folder…",
      group: "Project",
      chord: null,
      enabled: () => workspace.project?.mayHaveMovedFiles === true,
      run: () => void workspace.findMovedFiles(),
    },
    {
      id: "add-remote",
      title: "Add a mosaic by address…",
      group: "Project",
      chord: null,
      enabled: hasProject,
      run: () => {
        workspace.overlay = { kind: "add-remote" };
      },
    },
    ...workspace.recent.map((recent): Command => ({
      id: `open-recent-${recent.folderId}`,
      title: `Open ${recent.name} (${recent.displayPath})`,
      group: "Recent",
      chord: null,
      enabled: always,
      run: () => void workspace.openFolderById(recent.folderId, recent.name),
    })),
  ];
}

function viewCommands(workspace: Workspace): Command[] {
  const { preferences } = workspace;
  const hasProject = (): boolean => workspace.project !== null;
  const toggle = (dock: Dock) => (): void => {
    preferences.setDock(dock, !preferences.docks[dock]);
  };
  return [
    {
      id: "command-palette",
      title: "Find an action",
      group: "Window",
      chord: "Ctrl+K",
      enabled: always,
      run: () => {
        workspace.overlay = { kind: "palette" };
      },
    },
    {
      id: "show-shortcuts",
      title: "Keyboard shortcuts",
      group: "Window",
      chord: "?",
      enabled: always,
      run: () => {
        workspace.overlay = { kind: "shortcuts" };
      },
    },
    {
      id: "storage",
      title: "Storage: overviews, their limit, clear",
      group: "Window",
      chord: null,
      enabled: always,
      run: () => {
        workspace.overlay = { kind: "storage" };
      },
    },
    {
      id: "guided-tour",
      title: "Guided tour: label, train, read, export",
      group: "Window",
      chord: null,
      enabled: always,
      run: () => {
        workspace.beginTour();
        if (workspace.project === null) {
          void workspace.openSample();
        }
      },
    },
    {
      id: "skip-tour",
      title: "Skip the guided tour",
      group: "Window",
      chord: null,
      enabled: () => workspace.touring,
      run: () => {
        workspace.endTour();
      },
    },
    {
      id: "guide",
      title: "Guide and help",
      group: "Window",
      chord: "F1",
      enabled: always,
      run: () => {
        workspace.overlay = {
          kind: "guide",
          page: workspace.project === null ? "README" : guidePageOfMode[workspace.mode],
        };
      },
    },
    ...guideTopics.map(({ name, words }) => ({
      id: `guide-${name}`,
      title: `Guide, help: ${words}`,
      group: "Window" as const,
      chord: null,
      enabled: always,
      run: () => {
        workspace.overlay = { kind: "guide", page: name };
      },
    })),
    {
      id: "about",
      title: "About Orthomask: version, licences",
      group: "Window",
      chord: null,
      enabled: always,
      run: () => {
        workspace.overlay = { kind: "about" };
      },
    },
    ...modes.map((mode, index): Command => ({
      id: `mode-${mode}`,
      title: `Go to ${modeTitles[mode]}`,
      group: "Mode",
      chord: `Ctrl+${index + 1}`,
      enabled: hasProject,
      run: () => {
        workspace.mode = mode;
      },
    })),
    {
      id: "toggle-left",
      title: "Side panel",
      group: "Window",
      chord: "Ctrl+B",
      enabled: hasProject,
      run: toggle("leftOpen"),
    },
    {
      id: "toggle-right",
      title: "Inspector",
      group: "Window",
      chord: "Ctrl+Alt+B",
      enabled: hasProject,
      run: toggle("rightOpen"),
    },
    {
      id: "toggle-drawer",
      title: "Drawer",
      group: "Window",
      chord: "Ctrl+J",
      enabled: hasProject,
      run: () => {
        preferences.change({ drawerOpen: !preferences.values.drawerOpen });
      },
    },
    ...(["curves", "runs", "places", "problems"] as const).map((drawerTab): Command => ({
      id: `drawer-${drawerTab}`,
      title: `Show ${drawerTab}`,
      group: "Drawer",
      chord: null,
      enabled: hasProject,
      run: () => {
        preferences.change({ drawerTab, drawerOpen: true });
      },
    })),
    ...(["system", "light", "dark"] as const).map((theme): Command => ({
      id: `theme-${theme}`,
      title: theme === "system" ? "Follow the system" : `Use ${theme} colours`,
      group: "Theme",
      chord: null,
      enabled: () => preferences.values.theme !== theme,
      run: () => {
        preferences.change({ theme });
      },
    })),
  ];
}

function projectMapCommands(workspace: Workspace): Command[] {
  return mapCommands(workspace.layers, workspace.mapView, (sentence) => {
    workspace.toasts.show("note", sentence);
  }).map((command) => ({
    ...command,
    // The native menu knows this one by a name of its own.
    id: command.id === "map.fit" ? "zoom-fit" : command.id,
  }));
}

function trainingCommands(workspace: Workspace): Command[] {
  const running = (): boolean => workspace.project?.runningRun !== null && workspace.project !== null;
  return [
    {
      id: "new-training",
      title: "Set up a training",
      group: "Train",
      chord: null,
      enabled: () => workspace.project !== null,
      run: () => {
        workspace.mode = "train";
        workspace.project?.training.showForm();
      },
    },
    {
      id: "show-training",
      title: "Show the running training",
      group: "Train",
      chord: null,
      enabled: running,
      run: () => {
        const { project } = workspace;
        const run = project?.runningRun;
        if (project !== null && run !== null && run !== undefined) {
          project.selectRun(run.id);
          project.training.showRun();
          workspace.mode = "train";
        }
      },
    },
    {
      id: "stop-training",
      title: "Stop the training and keep its best epoch",
      group: "Train",
      chord: null,
      enabled: () => workspace.project !== null,
      obstacle: () => (running() ? null : "No training is running."),
      run: () => {
        const { project } = workspace;
        const run = project?.runningRun;
        if (project !== null && run !== null && run !== undefined) {
          void workspace.attempt(() => project.stopRun(run.id));
        }
      },
    },
  ];
}

/** Stepping through the places of a matrix cell, from anywhere in Results. */
function foundPlaceCommands(workspace: Workspace): Command[] {
  const { project, mapView } = workspace;
  const found = (): boolean => project !== null && project.places.state.kind === "found";
  const command = (id: string, title: string, chord: string, run: () => void): Command => ({
    id,
    title,
    group: "Places",
    chord,
    enabled: () => workspace.mode === "results" && found(),
    run,
  });
  return [
    command("next-place", "Next place", ".", () => {
      project?.places.step(1, mapView);
    }),
    command("previous-place", "Previous place", ",", () => {
      project?.places.step(-1, mapView);
    }),
    command("label-place", "Label here", "L", () => {
      if (project === null) {
        return;
      }
      const { places } = project;
      if (places.current !== null) {
        project.selectedMosaicId = places.current.mosaicId;
      }
      // What may be wrong there is the label: it has to be seen, and nothing over it.
      const hidden = places.layAside();
      workspace.mode = "label";
      if (hidden.length > 0) {
        const sentence = `The labels are shown alone; ${hidden.join(", ")} ${hidden.length === 1 ? "comes" : "come"} back in Results.`;
        workspace.toasts.show("note", sentence, [
          {
            label: "Show again",
            run: () => {
              places.showAgain();
            },
          },
        ]);
      }
    }),
  ];
}

/** Runs and mosaics by name: only worth listing once something was typed, so they come last. */
function placeCommands(workspace: Workspace): Command[] {
  const { project } = workspace;
  if (project === null) {
    return [];
  }
  return [
    ...project.runs.map((run): Command => ({
      id: `run-${run.id}`,
      title: `Results of ${run.name}`,
      group: "Run",
      chord: null,
      enabled: always,
      run: () => {
        project.selectRun(run.id);
        workspace.mode = "results";
      },
    })),
    ...project.readyMosaics.map((mosaic): Command => ({
      id: `mosaic-${mosaic.id}`,
      title: `Go to ${mosaic.name}`,
      group: "Mosaic",
      chord: null,
      enabled: always,
      run: () => {
        project.selectedMosaicId = mosaic.id;
        workspace.mapView.flyToMosaic(mosaic.id);
      },
    })),
  ];
}
