import { session } from "electron";
import type { BrowserWindow, IpcMainEvent } from "electron";

/** Keeps a window on its page: no navigation away, no new windows, no webviews, no permissions, no downloads. */
export function guardPage(window: BrowserWindow, pageUrl: string): void {
  const contents = window.webContents;
  contents.on("will-navigate", (event, url) => {
    if (!isPageUrl(url, pageUrl)) {
      event.preventDefault();
    }
  });
  contents.on("will-redirect", (event) => {
    event.preventDefault();
  });
  contents.on("will-attach-webview", (event) => {
    event.preventDefault();
  });
  contents.setWindowOpenHandler(() => ({ action: "deny" }));
  session.defaultSession.setPermissionRequestHandler((_contents, permission, decide) => {
    // Copying a table as CSV is the one thing the page asks for, on the user's click.
    decide(permission === "clipboard-sanitized-write");
  });
  session.defaultSession.setPermissionCheckHandler(
    (_contents, permission) => permission === "clipboard-sanitized-write",
  );
}

/** Whether a message comes from the page itself: our window's main frame, showing our page. */
export function isFromPage(event: IpcMainEvent, window: BrowserWindow, pageUrl: string): boolean {
  const { senderFrame } = event;
  return (
    senderFrame !== null &&
    event.sender === window.webContents &&
    senderFrame.routingId === window.webContents.mainFrame.routingId &&
    isPageUrl(senderFrame.url, pageUrl)
  );
}

function isPageUrl(url: string, pageUrl: string): boolean {
  try {
    const candidate = new URL(url);
    const page = new URL(pageUrl);
    // Not `origin`: for schemes of our own it is "null" in Node.
    return candidate.protocol === page.protocol && candidate.host === page.host;
  } catch {
    return false;
  }
}
