import { chromium } from "@playwright/test";
import type { Browser, CDPSession, Page } from "@playwright/test";
import { provideBrowser } from "../../scripts/setup/browser.mjs";
import type { SoakStep } from "./soak-round.ts";

/** What a page holds after its garbage was collected. */
export interface PageSample {
  readonly heapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
}

const modes: Readonly<Record<SoakStep, string>> = {
  label: "label",
  train: "train",
  predict: "results",
  export: "export",
};

/** A page in Chromium that follows the work as somebody would who looks on. */
export class WatchingPage {
  readonly #browser: Browser;
  readonly #page: Page;
  readonly #session: CDPSession;
  readonly errors: string[] = [];

  private constructor(browser: Browser, page: Page, session: CDPSession) {
    this.#browser = browser;
    this.#page = page;
    this.#session = session;
    page.on("pageerror", (error) => {
      this.errors.push(error.message);
    });
    page.on("crash", () => {
      this.errors.push("The page crashed.");
    });
  }

  static async open(url: URL): Promise<WatchingPage> {
    const executablePath = await provideBrowser();
    const browser = await chromium.launch({
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
      // Ctrl-C is for us: the report is finished first.
      handleSIGINT: false,
      handleSIGTERM: false,
    });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    const watching = new WatchingPage(browser, page, session);
    await page.goto(url.href);
    await page.getByTestId("mode-label").waitFor({ timeout: 60_000 });
    return watching;
  }

  /** Shows what a step is about. */
  async show(step: SoakStep): Promise<void> {
    await this.#page.getByTestId(`mode-${modes[step]}`).click({ timeout: 60_000 });
  }

  /** Collects garbage first, so that what is told is held by something. */
  async sample(): Promise<PageSample> {
    await this.#session.send("HeapProfiler.collectGarbage");
    const { metrics } = await this.#session.send("Performance.getMetrics");
    const valueOf = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
    return {
      heapBytes: valueOf("JSHeapUsedSize"),
      nodes: valueOf("Nodes"),
      listeners: valueOf("JSEventListeners"),
    };
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
