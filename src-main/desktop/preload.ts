// Hands ports from the main process on to the page, which can't have Electron's own objects. Nothing else is exposed.
import { contextBridge, ipcRenderer } from "electron";
import { PORT_REQUESTER } from "#shared/rpc/ports/page-hand-over.ts";
import type { PortRequester } from "#shared/rpc/ports/page-hand-over.ts";
import { HAND_OVER_CHANNEL, REQUEST_PORT_CHANNEL } from "./page-address.ts";

const requester: PortRequester = {
  request: () => {
    ipcRenderer.send(REQUEST_PORT_CHANNEL);
  },
};

/** The page's window; this folder is otherwise checked without the DOM. */
const page = globalThis as unknown as {
  readonly location: { readonly origin: string };
  postMessage(message: unknown, targetOrigin: string, transfer: readonly unknown[]): void;
};

contextBridge.exposeInMainWorld(PORT_REQUESTER, requester);
ipcRenderer.on(HAND_OVER_CHANNEL, (event, message: unknown) => {
  // The page shares this window but not this script's objects, so a port reaches it only as a transferred one.
  page.postMessage(message, page.location.origin, event.ports as readonly unknown[]);
});
