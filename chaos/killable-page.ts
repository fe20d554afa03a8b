import { setTimeout } from "node:timers/promises";
import { chromium } from "@playwright/test";
import type { Browser, BrowserContext, Page } from "@playwright/test";
import { provideBrowser } from "../scripts/setup/browser.mjs";
import { processesBelow } from "./processes.ts";

/** A machine that others use may stand still for minutes. */
const WAIT = { timeout: 120_000 };
/** So long a killed page has to be told of as crashed. */
const MOST_DYING_MILLISECONDS = 60_000;

/** The app in a tab of Chromium whose process can be killed. */
export class KillablePage {
  readonly #browser: Browser;
  readonly #context: BrowserContext;
  #page: Page;
  #isGone = false;
  /** What the page threw since it was asked last. */
  readonly errors: string[] = [];

  private constructor(browser: Browser, context: BrowserContext, page: Page) {
    this.#browser = browser;
    this.#context = context;
    this.#page = page;
  }

  static async open(url: URL): Promise<KillablePage> {
    const browser = await chromium.launch({
      executablePath: await provideBrowser(),
      args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const killable = new KillablePage(browser, context, await context.newPage());
    await killable.#begin(url);
    return killable;
  }

  /** The tab that is shown now. */
  get page(): Page {
    return this.#page;
  }

  /** `kill -9` of the processes that show pages. */
  async kill(): Promise<void> {
    for (const pid of processesBelow(process.pid, "--type=renderer")) {
      process.kill(pid, "SIGKILL");
    }
    for (let waited = 0; !this.#isGone; waited += 50) {
      if (waited > MOST_DYING_MILLISECONDS) {
        throw new Error("The page's process was killed, and nobody noticed.");
      }
      await setTimeout(50);
    }
  }

  /** Shows the app in a new tab, as who presses *Reload* does. */
  async reopen(url: URL): Promise<void> {
    const dead = this.#page;
    this.#page = await this.#context.newPage();
    await this.#begin(url);
    await dead.close().catch(() => undefined);
  }

  async #begin(url: URL): Promise<void> {
    const page = this.#page;
    this.#isGone = false;
    page.setDefaultTimeout(WAIT.timeout);
    page.on("pageerror", (error) => {
      this.errors.push(error.message);
    });
    page.on("crash", () => {
      this.#isGone = true;
    });
    await page.goto(url.href, WAIT);
    await page.getByTestId("mosaic-row-sample-1").waitFor(WAIT);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
