import { PortEvents } from "../port.ts";
import type { MessagePortLike } from "../port.ts";

/** A port that can be used before its channel exists: what is posted waits for `attach`. */
export interface DeferredPort extends MessagePortLike {
  /** The channel is there; it belongs to this port from here on. One that comes after `close` is closed. */
  attach(port: MessagePortLike): void;
}

/** Makes a port whose channel is still being opened. Closing it before that rejects whatever has been called. */
export function deferredPort(): DeferredPort {
  const events = new PortEvents();
  let attached: MessagePortLike | null = null;
  let waiting: unknown[] = [];
  return {
    attach: (port) => {
      if (events.closed) {
        port.close();
        return;
      }
      attached = port;
      port.onMessage((message) => {
        events.receive(message);
      });
      port.onClose(() => {
        events.close();
      });
      const early = waiting;
      waiting = [];
      for (const message of early) {
        port.post(message);
      }
    },
    post: (message) => {
      if (attached !== null) {
        attached.post(message);
      } else if (!events.closed) {
        waiting.push(message);
      }
    },
    onMessage: (listener) => {
      events.onMessage(listener);
    },
    onClose: (listener) => {
      events.onClose(listener);
    },
    close: () => {
      waiting = [];
      if (events.close()) {
        attached?.close();
      }
    },
  };
}
