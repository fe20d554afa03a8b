import { PortEvents } from "../port.ts";
import type { MessagePortLike } from "../port.ts";
import { compactViews } from "./compact-views.ts";

/**
 * A `MessagePort` as far as it is used here: the browser's and Node's listen with `addEventListener`, Electron's
 * `MessagePortMain` and a utility process's `parentPort` with `on`; all of them wrap the message in an event's `data`.
 */
export type WebMessagePort = {
  postMessage(message: unknown): void;
  start?(): void;
  close?(): void;
} & (
  | { addEventListener(type: "message" | "close", listener: (event: unknown) => void): void }
  | { on(type: "message" | "close", listener: (event: unknown) => void): unknown }
);

/**
 * A port over a `MessagePort`. Electron's and Node's say when the other side is gone; a browser's may not (before
 * Chromium 122), so whoever hands out the port announces that.
 */
export function webMessagePort(port: WebMessagePort): MessagePortLike {
  const events = new PortEvents();
  const receive = (event: unknown): void => {
    events.receive((event as { data: unknown }).data);
  };
  const closed = (): void => {
    events.close();
  };
  if ("addEventListener" in port) {
    port.addEventListener("message", receive);
    port.addEventListener("close", closed);
  } else {
    port.on("message", receive);
    port.on("close", closed);
  }
  port.start?.();
  return {
    post: (message) => {
      if (!events.closed) {
        port.postMessage(compactViews(message));
      }
    },
    onMessage: (listener) => {
      events.onMessage(listener);
    },
    onClose: (listener) => {
      events.onClose(listener);
    },
    close: () => {
      if (events.close()) {
        port.close?.();
      }
    },
  };
}
