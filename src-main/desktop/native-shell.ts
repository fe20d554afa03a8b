import { dialog, shell } from "electron";
import type { BrowserWindow, OpenDialogOptions, SaveDialogOptions } from "electron";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { UpdateState, UpdateWish } from "#shared/updates.ts";
import type { RecentFolder, ShellCapabilities } from "../host/host-options.ts";
import type { shellContract } from "../host/ports/shell-contract.ts";
import { printToPdf } from "./print-to-pdf.ts";

export const nativeCapabilities: ShellCapabilities = {
  nativeFolderDialog: true,
  saveDialog: true,
  revealInFolder: true,
  download: false,
  printToPdf: true,
  dropPaths: true,
};

/** What the native shell needs of the app around it. */
export interface ShellSurroundings {
  window(): BrowserWindow | null;
  updates(wish: UpdateWish): UpdateState;
  setBusy(reason: string | null): void;
  setRecentFolders(folders: readonly RecentFolder[]): void;
}

/** Dialogs and the rest of what the host asks the desktop for. */
export function nativeShell(surroundings: ShellSurroundings): Implementation<typeof shellContract> {
  function window(): BrowserWindow {
    const open = surroundings.window();
    if (open === null) {
      throw new RpcError("unsupported", "There is no window to show a dialog in.");
    }
    return open;
  }
  return {
    shell: {
      chooseFolder: async () => {
        const options: OpenDialogOptions = {
          title: "Open a folder of mosaics",
          buttonLabel: "Open",
          properties: ["openDirectory"],
        };
        const { canceled, filePaths } = await dialog.showOpenDialog(window(), options);
        return canceled ? null : (filePaths[0] ?? null);
      },
      chooseSaveFile: async ({ suggestedName }) => {
        const options: SaveDialogOptions = {
          defaultPath: suggestedName,
          properties: ["showOverwriteConfirmation"],
        };
        const { canceled, filePath } = await dialog.showSaveDialog(window(), options);
        return canceled || filePath === "" ? null : filePath;
      },
      reveal: ({ filePath }) => {
        shell.showItemInFolder(filePath);
      },
      printToPdf: ({ htmlPath, pdfPath }) => printToPdf(htmlPath, pdfPath),
      updates: ({ wish }) => surroundings.updates(wish),
      setBusy: ({ reason }) => {
        surroundings.setBusy(reason);
      },
      setRecentFolders: ({ folders }) => {
        surroundings.setRecentFolders(folders);
      },
    },
  };
}
