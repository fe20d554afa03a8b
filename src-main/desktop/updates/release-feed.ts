import type { AppUpdater } from "electron-updater";
import type { ReleaseFeed } from "./updates.ts";

/** A feed as electron-updater reads it (`latest*.yml` and installers on any web server), with all that it would do by itself switched off. */
export function releaseFeed(updater: AppUpdater, address: string): ReleaseFeed {
  updater.autoDownload = false;
  // While this is off, electron-updater hands nothing it has fetched to the system (macOS) and installs nothing on quitting.
  updater.autoInstallOnAppQuit = false;
  updater.logger = null;
  updater.setFeedURL({ provider: "generic", url: address });
  return {
    newer: async () => {
      const found = await updater.checkForUpdates();
      return found?.isUpdateAvailable === true ? found.updateInfo.version : null;
    },
    download: async () => {
      await updater.downloadUpdate();
    },
    installOnQuit: async () => {
      updater.autoInstallOnAppQuit = true;
      // It arms itself at the end of a download only. The file is there already and is only checked again.
      await updater.downloadUpdate();
    },
  };
}

/** The updater of this system's kind of installer. Loaded when it is first needed: most starts don't. */
export async function openReleaseFeed(address: string): Promise<ReleaseFeed> {
  const { autoUpdater } = await import("electron-updater");
  return releaseFeed(autoUpdater, address);
}
