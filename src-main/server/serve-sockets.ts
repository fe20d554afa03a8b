import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import type { MessagePortLike } from "#shared/rpc/port.ts";
import { webSocketPort } from "#shared/rpc/ports/web-socket-port.ts";
import { requestedUrl } from "./request-origin.ts";

/** The largest message a page may send. What it sends is small; what it gets (tiles) is not limited by this. */
const MAXIMUM_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Pages connected at once. */
const MAXIMUM_SOCKETS = 32;
/** A page that leaves without a word (a laptop closed, a tunnel cut) is noticed after two of these, in milliseconds. */
const HEARTBEAT = 30_000;

export interface SocketOptions {
  readonly isAllowed: (request: IncomingMessage) => boolean;
  readonly connect: (port: MessagePortLike) => () => void;
}

/** Accepts WebSockets at `/rpc` from pages that may, and hands them on as ports. */
export function serveSockets(server: Server, { isAllowed, connect }: SocketOptions): { close(): void } {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAXIMUM_MESSAGE_BYTES,
    // Tiles don't compress well, and a compressed bomb would get past the limit above.
    perMessageDeflate: false,
  });
  const alive = new WeakSet<WebSocket>();

  server.on("upgrade", (request, stream: Duplex, head: Buffer) => {
    stream.on("error", () => stream.destroy());
    if (requestedUrl(request)?.pathname !== "/rpc") {
      rejectUpgrade(stream, "404 Not Found");
    } else if (!isAllowed(request)) {
      rejectUpgrade(stream, "403 Forbidden");
    } else if (sockets.clients.size >= MAXIMUM_SOCKETS) {
      rejectUpgrade(stream, "503 Service Unavailable");
    } else {
      sockets.handleUpgrade(request, stream, head, (socket) => {
        alive.add(socket);
        socket.on("pong", () => alive.add(socket));
        const port = webSocketPort(socket);
        port.onClose(connect(port));
      });
    }
  });

  const heartbeat = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.delete(socket)) {
        socket.terminate();
      } else {
        socket.ping();
      }
    }
  }, HEARTBEAT);
  heartbeat.unref();

  return {
    close: () => {
      clearInterval(heartbeat);
      for (const socket of sockets.clients) {
        socket.close(1001, "Orthomask's server stops.");
      }
      sockets.close();
      // Those that don't answer the goodbye.
      setTimeout(() => {
        for (const socket of sockets.clients) {
          socket.terminate();
        }
      }, 1000).unref();
    },
  };
}

function rejectUpgrade(stream: Duplex, status: string): void {
  const answer = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  // Node has let go of the connection, and whoever keeps their end open would hold one of those that there may be.
  stream.end(answer, () => stream.destroy());
}
