import { existsSync } from "node:fs";
import path from "node:path";
import { app, dialog } from "electron";
import type { BrowserWindow, MessageBoxOptions } from "electron";
import { openReleaseFeed } from "./release-feed.ts";
import { readUpdateSettings, writeUpdateConsent } from "./update-settings.ts";
import { Updates } from "./updates.ts";
import type { UpdateQuestion } from "./updates.ts";

/** The updates of the installed app: settings in the data folder, questions as dialogs of the system. */
export function desktopUpdates(dataDirectory: string, window: () => BrowserWindow | null): Updates {
  return new Updates({
    replaceable: isReplaceable(),
    settings: () => readUpdateSettings(dataDirectory),
    keepConsent: (look) => {
      writeUpdateConsent(dataDirectory, look);
    },
    openFeed: openReleaseFeed,
    ask: async (question) => {
      const options = dialogOf(question);
      const open = window();
      const { response } = await (open === null
        ? dialog.showMessageBox(options)
        : dialog.showMessageBox(open, options));
      return response === 0;
    },
  });
}

function dialogOf(question: UpdateQuestion): MessageBoxOptions {
  // Leaving a dialog by Escape is a no.
  const answers = (yes: string): Pick<MessageBoxOptions, "buttons" | "defaultId" | "cancelId"> => ({
    buttons: [yes, "Not now"],
    defaultId: 1,
    cancelId: 1,
  });
  return question.kind === "download"
    ? {
        type: "question",
        message: `Orthomask ${question.version} is there. Download it?`,
        detail: `This is ${app.getVersion()}. It comes from ${question.feed} and isn't installed before you are asked again.`,
        ...answers("Download"),
      }
    : {
        type: "question",
        message: `Orthomask ${question.version} is downloaded. Install it when you quit?`,
        detail: "Your projects stay as they are.",
        ...answers("Install when I quit"),
      };
}

/** Installed by something that knows how to replace it: on Linux an AppImage or a .deb, elsewhere the installer. */
function isReplaceable(): boolean {
  return (
    app.isPackaged &&
    existsSync(path.join(process.resourcesPath, "app-update.yml")) &&
    (process.platform !== "linux" ||
      process.env["APPIMAGE"] !== undefined ||
      existsSync(path.join(process.resourcesPath, "package-type")))
  );
}
