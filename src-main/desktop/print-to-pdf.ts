import { readFile, writeFile } from "node:fs/promises";
import { BrowserWindow, session } from "electron";
import type { Session } from "electron";
import { guardContents, guardSession } from "./guard-page.ts";
import { REPORT_URL } from "./page-address.ts";
import { serveScheme } from "./page-protocol.ts";

/** Reports being printed, by the path under which their window asks for them. */
const reports = new Map<string, string>();
let printed = 0;
let reportSession: Session | null = null;

/**
 * Reports carry their pictures and styles in themselves. Unlike the page's, their styles are inline; a script would not be run, whatever this said,
 * since their window has none.
 */
const REPORT_HEADERS = {
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  "X-Content-Type-Options": "nosniff",
};

/** Prints an HTML file that needs no script and nothing else to a PDF file, in a window that nobody sees. */
export async function printToPdf(htmlPath: string, pdfPath: string): Promise<void> {
  printed += 1;
  const pathname = `/${printed}`;
  reports.set(pathname, htmlPath);
  const window = new BrowserWindow({
    show: false,
    webPreferences: {
      javascript: false,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      session: servedSession(),
    },
  });
  guardContents(window.webContents, REPORT_URL);
  try {
    await window.loadURL(new URL(pathname, REPORT_URL).href);
    const pdf = await window.webContents.printToPDF({
      printBackground: true,
      pageSize: "A4",
      preferCSSPageSize: true,
    });
    await writeFile(pdfPath, pdf);
  } finally {
    reports.delete(pathname);
    window.destroy();
  }
}

/** A session of their own, in memory, which has nothing but the reports being printed. */
function servedSession(): Session {
  if (reportSession === null) {
    reportSession = session.fromPartition("report");
    guardSession(reportSession, REPORT_URL);
    serveScheme(reportSession.protocol, async (url) => {
      const htmlPath = url.startsWith(REPORT_URL) ? reports.get(new URL(url).pathname) : undefined;
      return htmlPath === undefined
        ? null
        : { mimeType: "text/html; charset=utf-8", data: await readFile(htmlPath), headers: REPORT_HEADERS };
    });
  }
  return reportSession;
}
