import type { MessagePortLike } from "#shared/rpc/port.ts";
import { processPort } from "#shared/rpc/ports/process-port.ts";
import { webMessagePort } from "#shared/rpc/ports/web-message-port.ts";
import type { WebMessagePort } from "#shared/rpc/ports/web-message-port.ts";

/** What Electron gives a utility process instead of an IPC channel. */
interface UtilityParentPort {
  once(event: "message", listener: (event: { readonly ports: readonly WebMessagePort[] }) => void): unknown;
}

/**
 * Hands `serve` the port to the host: the IPC channel of a process that the host forked; in a utility process of Electron's, which the
 * shell started for the host, the port that comes with the first message.
 */
export function connectHost(serve: (port: MessagePortLike) => void): void {
  const { parentPort } = process as unknown as { parentPort?: UtilityParentPort };
  if (parentPort === undefined) {
    serve(processPort(process));
    return;
  }
  parentPort.once("message", ({ ports: [port] }) => {
    if (port !== undefined) {
      serve(webMessagePort(port));
    }
  });
}
