import type { Command } from "../state/commands.svelte.ts";
import type { Workspace } from "../state/workspace.svelte.ts";
import { copyText } from "../ui/copy-text.ts";

/** Puts versions, machine and the log's last events on the clipboard, and says so. */
export async function copyDiagnostics(workspace: Workspace): Promise<void> {
  await workspace.attempt(async () => {
    const { text } = await workspace.client.diagnostics.describe();
    if (await copyText(text)) {
      workspace.toasts.show(
        "done",
        "Diagnostics copied: versions, machine and the last events, without names or paths.",
      );
    } else {
      workspace.toasts.show(
        "error",
        "The browser doesn't allow copying here; `orthomask doctor --diagnostics` prints the same.",
      );
    }
  });
}

/** The same for palette and menu. */
export function diagnosticsCommands(workspace: Workspace): Command[] {
  return [
    {
      id: "copy-diagnostics",
      title: "Copy diagnostics: versions, machine, the last events",
      group: "Window",
      chord: null,
      enabled: () => true,
      run: () => void copyDiagnostics(workspace),
    },
  ];
}
