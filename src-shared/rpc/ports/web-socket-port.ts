import { PortEvents } from "../port.ts";
import type { MessagePortLike } from "../port.ts";
import { packValue, unpackValue } from "./packed-values.ts";

/** An open WebSocket, the browser's or the one of `ws`, as far as it is used here. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close" | "error", listener: () => void): void;
}

const OPEN = 1;
/** Close code of RFC 6455 for a frame whose content is not what its type promises. */
const INVALID_PAYLOAD = 1007;

/** A port over an open WebSocket; one message is one binary frame of MessagePack. A frame that isn't closes the port. */
export function webSocketPort(socket: WebSocketLike): MessagePortLike {
  const events = new PortEvents();
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    if (!(data instanceof ArrayBuffer)) {
      refuse("expected a binary frame");
      return;
    }
    let message: unknown;
    try {
      message = unpackValue(new Uint8Array(data));
    } catch {
      refuse("expected MessagePack");
      return;
    }
    events.receive(message);
  });
  const closed = (): void => {
    events.close();
  };
  socket.addEventListener("close", closed);
  // Always followed by `close`; unheard it would be thrown.
  socket.addEventListener("error", () => undefined);
  if (socket.readyState !== OPEN) {
    events.close();
  }

  function refuse(reason: string): void {
    // With a sender that can't be understood there is no id to answer to, and going on might leave calls waiting for ever.
    if (events.close()) {
      socket.close(INVALID_PAYLOAD, reason);
    }
  }

  return {
    post: (message) => {
      if (!events.closed && socket.readyState === OPEN) {
        socket.send(packValue(message));
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
        socket.close(1000);
      }
    },
  };
}
