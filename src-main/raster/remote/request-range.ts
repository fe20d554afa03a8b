import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, get as httpsGet } from "node:https";
import { checkHost, guardedLookup, type AddressRule } from "./remote-access.ts";

const mostRedirects = 5;
const connectionsKept = { keepAlive: true, maxFreeSockets: 8, timeout: 30_000 } as const;

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}
/** Connections that were made under one rule are not used under another. */
const agents = new WeakMap<AddressRule, Agents>();

/**
 * Asks for a range of a file behind an address and follows redirections, each of which must be one that may be asked. The answer's body is
 * not read yet: read or destroy it.
 *
 * @throws RefusedAddress before a connection is made
 */
export async function requestRange(
  url: URL,
  range: { readonly offset: number; readonly length: number },
  mayAsk: AddressRule,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let asked = url;
  for (let hop = 0; hop <= mostRedirects; hop += 1) {
    const response = await requestOnce(asked, range, mayAsk, signal);
    const { location } = response.headers;
    if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined) {
      return response;
    }
    response.destroy();
    const next = URL.canParse(location, asked.href) ? new URL(location, asked) : null;
    if (next === null || !/^https?:$/.test(next.protocol)) {
      throw new Error("the server sends us on to what is no http or https address");
    }
    asked = next;
  }
  throw new Error(`the server sends us on more than ${mostRedirects} times`);
}

function requestOnce(
  url: URL,
  { offset, length }: { readonly offset: number; readonly length: number },
  mayAsk: AddressRule,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  checkHost(url, mayAsk);
  const { http, https } = agentsFor(mayAsk);
  const options = {
    headers: { range: `bytes=${offset}-${offset + length - 1}`, "accept-encoding": "identity" },
    lookup: guardedLookup(mayAsk),
    signal,
  };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === "https:"
        ? httpsGet(url, { ...options, agent: https }, resolve)
        : httpGet(url, { ...options, agent: http }, resolve);
    // Also later ones, of a body that nobody wants any more.
    request.on("error", reject);
  });
}

function agentsFor(mayAsk: AddressRule): Agents {
  const known = agents.get(mayAsk) ?? {
    http: new HttpAgent(connectionsKept),
    https: new HttpsAgent(connectionsKept),
  };
  agents.set(mayAsk, known);
  return known;
}
