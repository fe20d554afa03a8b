import { PortEvents } from "../port.ts";
import type { MessagePortLike } from "../port.ts";

/**
 * What `child_process.fork` returns and what `process` is inside the child, as far as it is used here. Both need
 * `serialization: "advanced"`: JSON would drop `undefined` and turn typed arrays into objects.
 */
export interface IpcEndpoint {
  /** Takes `(message, callback)`; Node's own declarations have several forms that no common type fits. */
  send?: ((...args: never[]) => boolean) | undefined;
  disconnect?: (() => void) | undefined;
  readonly connected: boolean;
  on(event: "message", listener: (message: unknown) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
}

/** A port over the IPC channel of a child process, for either end. Closes when the other process is gone. */
export function processPort(endpoint: IpcEndpoint): MessagePortLike {
  const events = new PortEvents();
  endpoint.on("message", (message) => {
    events.receive(message);
  });
  endpoint.on("disconnect", () => {
    events.close();
  });
  if (!endpoint.connected) {
    events.close();
  }
  return {
    post: (message) => {
      if (events.closed || !endpoint.connected || endpoint.send === undefined) {
        return;
      }
      // A send that fails because the other side has just died is followed by `disconnect`, which tells everyone;
      // without a callback it would be thrown as an unhandled `error` event.
      const send = endpoint.send as (message: unknown, callback: () => void) => boolean;
      send.call(endpoint, message, () => undefined);
    },
    onMessage: (listener) => {
      events.onMessage(listener);
    },
    onClose: (listener) => {
      events.onClose(listener);
    },
    close: () => {
      if (events.close() && endpoint.connected) {
        endpoint.disconnect?.();
      }
    },
  };
}
