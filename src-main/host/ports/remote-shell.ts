import type { ShellCommand } from "#shared/contract.ts";
import type { Client } from "#shared/rpc/contract.ts";
import type { ShellBridge, ShellCapabilities } from "../host-options.ts";
import type { shellContract } from "./shell-contract.ts";

/** A shell in another process, as the host sees it. */
export interface RemoteShell extends ShellBridge {
  /** A command came from the shell's menu. */
  deliver(command: ShellCommand): void;
}

/** The bridge to a shell in another process. */
export function remoteShell(
  client: Client<typeof shellContract>,
  capabilities: ShellCapabilities,
): RemoteShell {
  let busyReason: string | null = null;
  const listeners = new Set<(command: ShellCommand) => void>();
  /** Notices that nobody waits for; a shell that is gone needs none. */
  const notify = (sent: Promise<void>): void => {
    sent.catch(() => undefined);
  };
  return {
    capabilities,
    chooseFolder: () => client.shell.chooseFolder(),
    chooseSaveFile: (suggestedName) => client.shell.chooseSaveFile({ suggestedName }),
    reveal: (filePath) => client.shell.reveal({ filePath }),
    printToPdf: (htmlPath, pdfPath) => client.shell.printToPdf({ htmlPath, pdfPath }),
    updates: (wish) => client.shell.updates({ wish }),
    setBusy: (reason) => {
      // Asked at every step of a job's progress, and hardly ever anything new.
      if (reason === busyReason) {
        return;
      }
      busyReason = reason;
      notify(client.shell.setBusy({ reason }));
    },
    setRecentFolders: (folders) => {
      notify(client.shell.setRecentFolders({ folders: [...folders] }));
    },
    onCommand: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    deliver: (command) => {
      for (const listener of listeners) {
        listener(command);
      }
    },
  };
}
