import { dialog } from "electron";
import type { BrowserWindow } from "electron";
import { RESTARTED_QUERY } from "#shared/rpc/ports/page-hand-over.ts";
import type { ShellLog } from "./shell-log.ts";

/** A page that goes again within this time would go on doing so. */
const AGAIN_MILLISECONDS = 30_000;

/** Loads the page again when its process is gone, which the page then tells; asks first where that was tried a moment ago. `quit` ends the app. */
export function restartPage(
  window: BrowserWindow,
  { pageUrl, log, quit }: { readonly pageUrl: string; readonly log: ShellLog; readonly quit: () => void },
): void {
  let lastGone = -Infinity;
  window.webContents.on("render-process-gone", (_event, { reason, exitCode }) => {
    log.write({ event: "page-process-gone", reason, exitCode });
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
    // A query, not a fragment, which might be taken for a place within the page that is gone.
    void window.loadURL(`${pageUrl}${RESTARTED_QUERY}`);
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
