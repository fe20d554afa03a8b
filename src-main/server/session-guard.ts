import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Wrong tokens an address may try in a minute before it has to wait. */
const MAXIMUM_FAILURES = 10;
const FAILURE_WINDOW = 60_000;
/** Addresses whose failures are remembered; the oldest make room. */
const MAXIMUM_ADDRESSES = 1000;

export type TokenVerdict = "accepted" | "wrong" | "too-many";

/**
 * Who may use the server: whoever knows the token of the printed address gets a cookie, and the cookie opens everything
 * else. The two are different secrets, so that a cookie read somewhere is no address to hand on.
 */
export class SessionGuard {
  readonly token = randomBytes(32).toString("base64url");
  readonly #session = randomBytes(32).toString("base64url");
  readonly #failures = new Map<string, { count: number; since: number }>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Judges a token from `address`. While an address has to wait, right tokens are refused too. */
  judgeToken(token: string, address: string): TokenVerdict {
    const now = this.#now();
    const known = this.#failures.get(address);
    const failures =
      known !== undefined && now - known.since < FAILURE_WINDOW ? known : { count: 0, since: now };
    if (failures.count >= MAXIMUM_FAILURES) {
      return "too-many";
    }
    if (sameSecret(token, this.token)) {
      this.#failures.delete(address);
      return "accepted";
    }
    this.#failures.delete(address);
    this.#failures.set(address, { count: failures.count + 1, since: failures.since });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MAXIMUM_ADDRESSES && oldest !== undefined) {
      this.#failures.delete(oldest);
    }
    return "wrong";
  }

  /**
   * The `Set-Cookie` header of a browser that brought the token. Cookies don't know ports, so the name tells servers apart. `secure`: the
   * browser came by HTTPS and sends it by nothing else.
   */
  cookieHeader(port: number, { secure = false }: { readonly secure?: boolean } = {}): string {
    const flags = `HttpOnly; SameSite=Strict; Path=/${secure ? "; Secure" : ""}`;
    return `${cookieName(port)}=${this.#session}; ${flags}`;
  }

  hasSession(request: Pick<IncomingMessage, "headers">, port: number): boolean {
    const name = cookieName(port);
    return (request.headers.cookie ?? "").split(";").some((pair) => {
      const [key, value] = pair.trim().split("=", 2);
      return key === name && value !== undefined && sameSecret(value, this.#session);
    });
  }
}

function cookieName(port: number): string {
  return `orthomask-session-${port}`;
}

/** Compares digests, so that neither time nor length tells anything about the secret. */
function sameSecret(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
