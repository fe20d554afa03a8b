import { session } from "electron";
import type { BrowserWindow, IpcMainEvent, Session, WebContents } from "electron";

/** Keeps a window on its page: no navigation away, no new windows, no webviews, no permissions, no downloads, nothing remote. */
export function guardPage(window: BrowserWindow, pageUrl: string): void {
  guardContents(window.webContents, pageUrl);
  guardSession(session.defaultSession, pageUrl);
}

/** Keeps what a window shows at `pageUrl`'s origin. */
export function guardContents(contents: WebContents, pageUrl: string): void {
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
}

/**
 * Gives the pages of a session nothing but their own files: the policy they are served with says the same, but this holds for what carries no
 * policy too.
 */
export function guardSession(guarded: Session, pageUrl: string): void {
  // Copying a table as CSV is the one thing the page asks for, on the user's click.
  const isAllowed = (permission: string): boolean => permission === "clipboard-sanitized-write";
  guarded.setPermissionRequestHandler((_contents, permission, decide) => {
    decide(isAllowed(permission));
  });
  guarded.setPermissionCheckHandler((_contents, permission) => isAllowed(permission));
  guarded.setDevicePermissionHandler(() => false);
  guarded.removeAllListeners("will-download");
  guarded.on("will-download", (event) => {
    event.preventDefault();
  });
  guarded.webRequest.onBeforeRequest(({ url }, decide) => {
    decide({ cancel: !isPageUrl(url, pageUrl) && !isLocal(url) });
  });
}

/** Whether a message comes from the page itself: our window's main frame, showing our page. */
export function isFromPage(event: IpcMainEvent, window: BrowserWindow, pageUrl: string): boolean {
  const { senderFrame } = event;
  return (
    senderFrame !== null &&
    event.sender === window.webContents &&
    senderFrame.parent === null &&
    senderFrame.routingId === window.webContents.mainFrame.routingId &&
    isPageUrl(senderFrame.url, pageUrl)
  );
}

/** What a page made itself, and Chromium's own developer tools. */
function isLocal(url: string): boolean {
  return /^(data|blob|devtools|chrome-extension):/.test(url);
}

/** Whether a URL is of the page's origin; a WebSocket to where the page came from counts as well (the dev server reloads it by one). */
function isPageUrl(url: string, pageUrl: string): boolean {
  try {
    const candidate = new URL(url);
    const page = new URL(pageUrl);
    // Not `origin`: for schemes of our own it is "null" in Node.
    const protocol = candidate.protocol.replace(/^ws(s?:)$/, "http$1");
    return protocol === page.protocol && candidate.host === page.host;
  } catch {
    return false;
  }
}
