import type { IncomingMessage } from "node:http";
import { hostname, networkInterfaces } from "node:os";

/**
 * The names by which this server may be asked for. A page elsewhere whose name was made to point here (DNS rebinding) asks by
 * its own name and is refused. Ports are left open: an SSH tunnel has another one at its other end.
 */
export function allowedHostNames(listenHost: string, publicUrl: URL | null = null): ReadonlySet<string> {
  const published = publicUrl === null ? [] : [publicUrl.hostname];
  const loopback = ["localhost", "127.0.0.1", "[::1]", ...published];
  if (isLoopback(listenHost)) {
    return new Set(loopback);
  }
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return new Set([
    ...loopback,
    hostname().toLowerCase(),
    bracketed(listenHost).toLowerCase(),
    ...addresses.map(({ address }) => bracketed(address)),
  ]);
}

/** Whether an address to listen at is reached from this machine only. */
export function isLoopback(listenHost: string): boolean {
  return listenHost === "localhost" || listenHost === "::1" || /^127(\.\d{1,3}){3}$/.test(listenHost);
}

/** An address as it stands in a URL. */
export function bracketed(address: string): string {
  return address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;
}

/** The request asks for this server by a name it has. */
export function isAllowedHost(request: IncomingMessage, names: ReadonlySet<string>): boolean {
  const url = parseUrl(`http://${request.headers.host ?? ""}`);
  return url !== null && url.pathname === "/" && url.username === "" && names.has(url.hostname.toLowerCase());
}

/**
 * The request comes from our own page. Browsers always send `Origin` with a WebSocket; with a plain GET they may leave
 * it out, hence `required`.
 */
export function isSameOrigin(
  request: IncomingMessage,
  { required }: { readonly required: boolean },
): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) {
    return !required;
  }
  const url = parseUrl(origin);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:") && url.host === hostOf(host);
}

/**
 * The address of whoever asks. Behind a proxy of ours (`proxied`) that is the last one it wrote down: those before it are the client's
 * own words.
 */
export function clientAddress(request: IncomingMessage, { proxied }: { readonly proxied: boolean }): string {
  const forwarded = proxied ? request.headers["x-forwarded-for"] : undefined;
  const last =
    String(forwarded ?? "")
      .split(",")
      .at(-1)
      ?.trim() ?? "";
  return last === "" ? (request.socket.remoteAddress ?? "") : last;
}

/** Path and query that a request asks for; null when they are none, as in `//`. */
export function requestedUrl(request: IncomingMessage): URL | null {
  return parseUrl(`http://orthomask.invalid${request.url ?? "/"}`);
}

/** The host header as `URL` writes it: the default port is left out. */
function hostOf(header: string | undefined): string | null {
  return parseUrl(`http://${header ?? ""}`)?.host ?? null;
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
