import { RpcError } from "#shared/rpc/errors.ts";
import type { ShellBridge } from "../host-options.ts";

/** The bridge of a shell without native dialogs: the server's, and the command line's. */
export function noShell(options: { readonly download: boolean }): ShellBridge {
  const unsupported = (what: string): Promise<never> =>
    Promise.reject(new RpcError("unsupported", `${what} needs the desktop app.`));
  return {
    capabilities: {
      nativeFolderDialog: false,
      saveDialog: false,
      revealInFolder: false,
      download: options.download,
      printToPdf: false,
      dropPaths: false,
    },
    chooseFolder: () => unsupported("The system's folder dialog"),
    chooseSaveFile: () => unsupported("The system's save dialog"),
    reveal: () => unsupported("Showing a file in the file manager"),
    printToPdf: () => unsupported("Printing to a PDF file"),
    updates: () => Promise.resolve({ kind: "not-here" }),
    setBusy: () => undefined,
    setRecentFolders: () => undefined,
    onCommand: () => () => undefined,
  };
}
