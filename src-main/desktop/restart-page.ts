import { dialog } from "electron";
import type { BrowserWindow } from "electron";

/** A page that goes again within this time would go on doing so. */
const AGAIN_MILLISECONDS = 30_000;

/** Loads the page again when its process is gone; asks first where that was tried a moment ago. `quit` ends the app. */
export function restartPage(window: BrowserWindow, quit: () => void): void {
  let lastGone = -Infinity;
  window.webContents.on("render-process-gone", (_event, { reason }) => {
    // *killed* is told of one that the system killed for its memory too.
    if (reason === "clean-exit" || window.isDestroyed()) {
      return;
    }
    const again = performance.now() - lastGone < AGAIN_MILLISECONDS;
    lastGone = performance.now();
    if (again && !isWanted(window, reason)) {
      quit();
      return;
    }
    window.webContents.reload();
  });
}

function isWanted(window: BrowserWindow, reason: string): boolean {
  const restart = 0;
  const answer = dialog.showMessageBoxSync(window, {
    type: "error",
    message: "The window has stopped again.",
    detail: `Its process ended (${reason}). Labels, runs and predictions are on disk.`,
    buttons: ["Start the window again", "Quit"],
    defaultId: restart,
    cancelId: restart,
  });
  return answer === restart;
}
