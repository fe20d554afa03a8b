import { protocol } from "electron";
import { PAGE_HEADERS } from "../host/page/content-security-policy.ts";
import { readPageFile } from "../host/page/page-files.ts";
import { PAGE_SCHEME, PAGE_URL } from "./page-address.ts";

/** Declares the page's scheme; only possible before the app is ready. */
export function declarePageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

interface Answer {
  readonly statusCode: number;
  readonly mimeType: string;
  readonly data: Buffer;
}

/** Serves the built page under its scheme. */
export function servePage(pageDirectory: string): void {
  // Electron 25 brought `handle`; the types are those of the current Electron, where it is always there.
  if (typeof (protocol as Partial<typeof protocol>).handle === "function") {
    protocol.handle(PAGE_SCHEME, async ({ url, method }) => {
      const { statusCode, mimeType, data } = await answer(pageDirectory, url, method);
      return new Response(new Uint8Array(data), {
        status: statusCode,
        headers: { ...PAGE_HEADERS, "Content-Type": mimeType },
      });
    });
    return;
  }
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way in Electron 22, which tests may run on
  protocol.registerBufferProtocol(PAGE_SCHEME, ({ url, method }, respond) => {
    void answer(pageDirectory, url, method).then(({ statusCode, mimeType, data }) => {
      // `mimeType` wants the bare type; the charset comes with the header.
      const bareType = mimeType.split(";")[0] ?? mimeType;
      respond({
        statusCode,
        mimeType: bareType,
        data,
        headers: { ...PAGE_HEADERS, "Content-Type": mimeType },
      });
    });
  });
}

async function answer(pageDirectory: string, url: string, method: string): Promise<Answer> {
  const { origin, pathname, host } = new URL(url);
  const ours = host === new URL(PAGE_URL).host;
  const file = ours && method === "GET" ? await readPageFile(pageDirectory, pathname) : null;
  if (file === null) {
    const text = `There is no ${pathname} at ${origin}.`;
    return { statusCode: 404, mimeType: "text/plain; charset=utf-8", data: Buffer.from(text) };
  }
  return { statusCode: 200, ...file };
}
