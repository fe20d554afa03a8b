// Hands ports from the main process on to the page, which can't have Electron's own objects, and tells the main process where lies what the user drops. Nothing
// else is exposed.
import { contextBridge, ipcRenderer, webUtils } from "electron";
import { PORT_REQUESTER } from "#shared/rpc/ports/page-hand-over.ts";
import type { PortRequester } from "#shared/rpc/ports/page-hand-over.ts";
import { HAND_OVER_CHANNEL, PRELOAD_CHANNEL } from "./page-address.ts";
import type { PreloadMessage } from "./preload-message.ts";

const requester: PortRequester = {
  request: () => {
    tell({ kind: "request-port" });
  },
};

/** A file as the page's events carry it; `path` is there before Electron 32, which has `webUtils` for it. */
interface DroppedFile {
  readonly path?: string;
}

/** The page's window; this folder is otherwise checked without the DOM. */
const page = globalThis as unknown as {
  readonly location: { readonly origin: string };
  postMessage(message: unknown, targetOrigin: string, transfer: readonly unknown[]): void;
  addEventListener(
    type: "drop",
    listener: (event: {
      readonly isTrusted: boolean;
      readonly dataTransfer: { readonly files: Iterable<DroppedFile> } | null;
    }) => void,
    capture: boolean,
  ): void;
};

contextBridge.exposeInMainWorld(PORT_REQUESTER, requester);
ipcRenderer.on(HAND_OVER_CHANNEL, (event, message: unknown) => {
  // The page shares this window but not this script's objects, so a port reaches it only as a transferred one.
  page.postMessage(message, page.location.origin, event.ports as readonly unknown[]);
});

// The page is never told a path and names none: only what the user has dropped counts, which no script can pretend.
page.addEventListener(
  "drop",
  ({ isTrusted, dataTransfer }) => {
    const paths = isTrusted
      ? [...(dataTransfer?.files ?? [])].map((file) => pathOf(file, webUtils)).filter((path) => path !== "")
      : [];
    if (paths.length > 0) {
      tell({ kind: "dropped", paths });
    }
  },
  true,
);

/** Where a file lies; empty for one that a script has made. `tools` are there from Electron 29 on. */
function pathOf(file: DroppedFile, tools: Partial<typeof webUtils> | undefined): string {
  return tools?.getPathForFile?.(file as Parameters<typeof webUtils.getPathForFile>[0]) ?? file.path ?? "";
}

function tell(message: PreloadMessage): void {
  ipcRenderer.send(PRELOAD_CHANNEL, message);
}
