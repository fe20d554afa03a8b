import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { chromium } from "@playwright/test";
import type { Browser, Page } from "@playwright/test";
import type { DesktopRuntime } from "../fixtures/shell/desktop-runtime.ts";
import { processesBelow } from "./processes.ts";
import { singleThreaded } from "./running-app.ts";

const checkout = path.resolve(import.meta.dirname, "..");
/** A machine that others use may stand still for minutes. */
const WAIT = { timeout: 120_000 };
/** What tells a process of the app from its others, in its command. */
const commands = { page: "--type=renderer", host: "host/host.mjs", engine: "engine/engine.mjs" } as const;

/** The desktop app's window on a project folder, and the processes behind it. */
export class DesktopWindow {
  static readonly #running = new Set<ChildProcess>();
  readonly #child: ChildProcess;
  readonly #endpoint: string;
  #browser: Browser | null = null;
  #page: Page | null = null;

  private constructor(child: ChildProcess, endpoint: string) {
    this.#child = child;
    this.#endpoint = endpoint;
  }

  /** Starts the built app on a folder; resolves when its window shows the project. Data and cache lie in `base`. */
  static async open(
    { base, folder }: { readonly base: string; readonly folder: string },
    { executablePath, display }: DesktopRuntime,
  ): Promise<DesktopWindow> {
    const child = spawn(
      executablePath,
      // Driven from the outside as a browser: Playwright's own way of starting it takes a page that has crashed for gone.
      ["--no-sandbox", "--remote-debugging-port=0", checkout, folder],
      {
        env: {
          ...process.env,
          ...singleThreaded,
          DISPLAY: display.name,
          ORTHOMASK_NODE: process.execPath,
          ORTHOMASK_DATA: path.join(base, "data"),
          ORTHOMASK_CACHE: path.join(base, "cache"),
        },
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    DesktopWindow.#running.add(child);
    child.once("exit", () => DesktopWindow.#running.delete(child));
    const window = new DesktopWindow(child, await endpointOf(child));
    await window.look();
    return window;
  }

  /** Ends what a case left running that failed on its way. */
  static endAll(): void {
    for (const child of DesktopWindow.#running) {
      child.kill("SIGKILL");
    }
  }

  /** What the window showed when it was looked at last. */
  get page(): Page {
    if (this.#page === null) {
      throw new Error("Nobody has looked at the window yet.");
    }
    return this.#page;
  }

  /** Looks at the window anew: a page whose process was killed is another one afterwards. Resolves when it shows the project. */
  async look(): Promise<Page> {
    await this.#browser?.close();
    const browser = await chromium.connectOverCDP(this.#endpoint, {
      ...WAIT,
      // Electron's browser has none of the settings that Playwright changes in a browser of its own.
      noDefaults: true,
    });
    this.#browser = browser;
    for (let waited = 0; waited < WAIT.timeout; waited += 100) {
      const page = browser.contexts().flatMap((context) => context.pages())[0];
      if (page !== undefined) {
        this.#page = page;
        page.setDefaultTimeout(WAIT.timeout);
        await page.getByTestId("mosaic-row-sample-1").waitFor();
        return page;
      }
      await setTimeout(100);
    }
    throw new Error("The app has no window.");
  }

  has(which: keyof typeof commands): boolean {
    return this.#pids(which).length > 0;
  }

  /** `kill -9` of the processes of one kind; answers how many there were. */
  kill(which: keyof typeof commands): number {
    const pids = this.#pids(which);
    for (const pid of pids) {
      process.kill(pid, "SIGKILL");
    }
    return pids.length;
  }

  #pids(which: keyof typeof commands): number[] {
    return processesBelow(this.#child.pid ?? 0, commands[which]);
  }

  /** Quits as who closes the window does. */
  async close(): Promise<void> {
    if (!DesktopWindow.#running.has(this.#child)) {
      return;
    }
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    await gone;
    await this.#browser?.close().catch(() => undefined);
  }
}

function endpointOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
      const endpoint = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (endpoint !== undefined) {
        resolve(endpoint);
      }
    });
    child.once("exit", (code) => {
      reject(new Error(`The desktop app ended with ${String(code)}: ${said}`));
    });
  });
}
