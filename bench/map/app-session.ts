import { chromium, type Page } from "@playwright/test";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { findBrowser } from "../../scripts/setup/browser.mjs";

const root = path.resolve(import.meta.dirname, "../..");

/** The built app served to a browser of its own, with data and cache of its own. */
export interface AppSession {
  readonly page: Page;
  readonly browserVersion: string;
  /** The largest resident memory so far, in MB: of the page's process, and of the host's. */
  peakMemory(): Promise<{ readonly page: number; readonly host: number }>;
  close(): Promise<void>;
}

/** Serves a folder and opens it in Chromium with software rendering; `url` is loaded by the caller. */
export async function startSession(
  folder: string,
  options: {
    readonly cacheDirectory?: string;
    /** A script of this folder that runs in the page first; `page-probe.js` when left out. */
    readonly probe?: string;
  } = {},
): Promise<AppSession & { readonly url: string }> {
  const own = await mkdtemp(path.join(tmpdir(), "orthomask-bench-"));
  const server = spawn(
    process.execPath,
    [path.join(root, "scripts/orthomask.mjs"), "serve", folder, "--root", tmpdir(), "--port", "0", "--json"],
    {
      env: {
        ...process.env,
        ORTHOMASK_DATA: path.join(own, "data"),
        ORTHOMASK_CACHE: options.cacheDirectory ?? path.join(own, "cache"),
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    server.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const found = /"url":\s*"([^"]+)"/.exec(text)?.[1];
      if (found !== undefined) {
        resolve(found);
      }
    });
    server.once("exit", (code) => {
      reject(new Error(`orthomask serve ended with ${String(code)}: ${text}`));
    });
  });
  const executablePath = findBrowser();
  const browser = await chromium.launch({
    ...(executablePath === null ? {} : { executablePath }),
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript({ path: path.join(import.meta.dirname, options.probe ?? "page-probe.js") });
  const cdp = await browser.newBrowserCDPSession();
  return {
    url,
    page,
    browserVersion: browser.version(),
    peakMemory: async () => {
      const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
      const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
      const hosts = await withDescendants(server.pid ?? 0);
      return { page: await largest(renderers), host: await largest(hosts) };
    },
    close: async () => {
      await browser.close();
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await ended;
      await rm(own, { recursive: true, force: true });
    },
  };
}

async function withDescendants(processId: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const name of await readdir("/proc")) {
    const parent = /^\d+$/.test(name) ? /^PPid:\s+(\d+)/m.exec(await statusOf(Number(name)))?.[1] : undefined;
    if (parent !== undefined) {
      children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(name)]);
    }
  }
  const found = [processId];
  for (const one of found) {
    found.push(...(children.get(one) ?? []));
  }
  return found;
}

/** The largest high-water mark of some processes, in MB; 0 where the system doesn't tell. */
async function largest(processIds: readonly number[]): Promise<number> {
  const marks = await Promise.all(
    processIds.map(async (id) => Number(/^VmHWM:\s+(\d+) kB/m.exec(await statusOf(id))?.[1] ?? 0)),
  );
  return Math.round(Math.max(0, ...marks) / 1024);
}

function statusOf(processId: number): Promise<string> {
  return readFile(`/proc/${processId}/status`, "utf8").catch(() => "");
}
