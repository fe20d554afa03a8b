import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { PAGE_HEADERS } from "../host/page/content-security-policy.ts";
import { readPageFile } from "../host/page/page-files.ts";
import type { Host } from "../host/host-options.ts";
import { refuse } from "./answers.ts";
import { sendDownload } from "./download.ts";
import {
  allowedHostNames,
  bracketed,
  clientAddress,
  isAllowedHost,
  isLoopback,
  isSameOrigin,
  requestedUrl,
} from "./request-origin.ts";
import { serveSockets } from "./serve-sockets.ts";
import { SessionGuard } from "./session-guard.ts";

export interface ServeOptions {
  readonly host: Pick<Host, "connect" | "resolveDownload">;
  readonly pageDirectory: string;
  /** Address and port to listen at; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Where a proxy that speaks TLS makes this server known; null where browsers come here themselves. */
  readonly publicUrl?: URL | null;
}

/** Connections at once, those of WebSockets included; a browser opens about six, and more would be a way to hold memory. */
const MAXIMUM_CONNECTIONS = 256;

export interface RunningServer {
  /** The address to open, with the token in it. */
  readonly url: string;
  readonly port: number;
  /** Ends all connections; the host is its caller's. */
  close(): Promise<void>;
}

/** Serves page, RPC (`/rpc`) and granted downloads (`/download/ID`) to whoever has the token. */
export async function serveApp({
  host,
  pageDirectory,
  listen,
  publicUrl = null,
}: ServeOptions): Promise<RunningServer> {
  const guard = new SessionGuard();
  const hostNames = allowedHostNames(listen.host, publicUrl);
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    requestTimeout: 30_000,
    headersTimeout: 10_000,
    // Node looks for those that are late only so often, every half minute unless told otherwise.
    connectionsCheckingInterval: 2000,
  });
  server.maxConnections = MAXIMUM_CONNECTIONS;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    answer(request, response).catch(() => {
      if (response.headersSent) {
        response.destroy();
      } else {
        refuse(response, 500, "Orthomask's server failed to answer.");
      }
    });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isAllowedHost(request, hostNames) || !isSameOrigin(request, { required: false })) {
      refuse(response, 403, "Orthomask answers only to its own address.");
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      // What it sends along is not read.
      response.setHeader("Connection", "close");
      refuse(response, 405, "Only GET is answered here.");
      return;
    }
    const url = requestedUrl(request);
    if (url === null) {
      refuse(response, 400, "This is no path.");
      return;
    }
    const token = url.searchParams.get("token");
    if (url.pathname === "/" && token !== null) {
      exchangeToken(request, response, token);
      return;
    }
    if (!guard.hasSession(request, port)) {
      refuse(response, 401, "Open the address that Orthomask printed when it started; it contains the key.");
      return;
    }
    const bodyWanted = request.method === "GET";
    const download = /^\/download\/([\w-]{1,200})$/.exec(url.pathname);
    if (download?.[1] !== undefined) {
      const file = host.resolveDownload(download[1]);
      await sendDownload(response, file, { bodyWanted });
      return;
    }
    const file = await readPageFile(pageDirectory, url.pathname);
    if (file === null) {
      refuse(response, 404, "There is nothing here.");
      return;
    }
    response.writeHead(200, {
      ...PAGE_HEADERS,
      "Content-Type": file.mimeType,
      "Content-Length": file.data.length,
      // Built files carry a hash in their name, the page itself does not.
      "Cache-Control": url.pathname.startsWith("/assets/")
        ? "private, max-age=31536000, immutable"
        : "no-cache",
    });
    response.end(bodyWanted ? file.data : undefined);
  }

  function exchangeToken(request: IncomingMessage, response: ServerResponse, token: string): void {
    const verdict = guard.judgeToken(token, clientAddress(request, { proxied: publicUrl !== null }));
    switch (verdict) {
      case "accepted":
        // Redirected, so that the token stays neither in the address bar nor in the history.
        response.writeHead(303, {
          ...PAGE_HEADERS,
          Location: "/",
          "Set-Cookie": guard.cookieHeader(port, { secure: publicUrl?.protocol === "https:" }),
          "Cache-Control": "no-store",
        });
        response.end();
        return;
      case "wrong":
        refuse(response, 401, "This key is not the one of the running server. Open the address it printed.");
        return;
      case "too-many":
        response.setHeader("Retry-After", "60");
        refuse(response, 429, "Too many wrong keys. Wait a minute.");
        return;
    }
  }

  const sockets = serveSockets(server, {
    connect: (socketPort) => host.connect(socketPort),
    isAllowed: (request) =>
      isAllowedHost(request, hostNames) &&
      isSameOrigin(request, { required: true }) &&
      guard.hasSession(request, port),
  });
  server.on("request", handle);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listen.port, listen.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${publicUrl?.origin ?? `http://${shownHost(listen.host)}:${port}`}/?token=${guard.token}`,
    port,
    close: async () => {
      sockets.close();
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The name to print for an address to listen at: "all addresses" is none that a browser could open. */
function shownHost(listenHost: string): string {
  if (isLoopback(listenHost) || (listenHost !== "0.0.0.0" && listenHost !== "::")) {
    return bracketed(listenHost);
  }
  const external = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal);
  return external?.address ?? "127.0.0.1";
}
