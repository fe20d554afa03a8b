import { protocol } from "electron";
import type { Protocol } from "electron";
import { PAGE_HEADERS } from "../host/page/content-security-policy.ts";
import { readPageFile } from "../host/page/page-files.ts";
import { PAGE_SCHEME, PAGE_URL } from "./page-address.ts";

/** Declares the page's scheme; only possible before the app is ready. */
export function declarePageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** What there is at an address of our scheme. */
export interface SchemeFile {
  readonly mimeType: string;
  readonly data: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

interface Answer {
  readonly statusCode: number;
  readonly data: Buffer;
  readonly headers: Record<string, string>;
}

/** Serves the built page under its scheme. */
export function servePage(pageDirectory: string): void {
  serveScheme(protocol, async (url) => {
    const { pathname, host } = new URL(url);
    const file = host === new URL(PAGE_URL).host ? await readPageFile(pageDirectory, pathname) : null;
    return file === null ? null : { ...file, headers: PAGE_HEADERS };
  });
}

/** Answers GETs of our scheme with what `find` finds, in whichever way this Electron has. */
export function serveScheme(served: Protocol, find: (url: string) => Promise<SchemeFile | null>): void {
  // Electron 25 brought `handle`; the types are those of the current Electron, where it is always there.
  if (typeof (served as Partial<Protocol>).handle === "function") {
    served.handle(PAGE_SCHEME, async ({ url, method }) => {
      const { statusCode, data, headers } = await answer(find, url, method);
      return new Response(new Uint8Array(data), { status: statusCode, headers });
    });
    return;
  }
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way in Electron 22, which tests may run on
  served.registerBufferProtocol(PAGE_SCHEME, ({ url, method }, respond) => {
    void answer(find, url, method).then(({ statusCode, data, headers }) => {
      // `mimeType` wants the bare type; the charset comes with the header.
      const mimeType = headers["Content-Type"]?.split(";")[0] ?? "text/plain";
      respond({ statusCode, mimeType, data, headers });
    });
  });
}

async function answer(
  find: (url: string) => Promise<SchemeFile | null>,
  url: string,
  method: string,
): Promise<Answer> {
  const file = method === "GET" ? await find(url).catch(() => null) : null;
  return file === null
    ? {
        statusCode: 404,
        data: Buffer.from(`There is nothing at ${url}.`),
        headers: { ...PAGE_HEADERS, "Content-Type": "text/plain; charset=utf-8" },
      }
    : { statusCode: 200, data: file.data, headers: { ...file.headers, "Content-Type": file.mimeType } };
}
