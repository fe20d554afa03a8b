import {
  _electron,
  chromium,
  expect,
  test as base,
  type ElectronApplication,
  type Locator,
  type Page,
} from "@playwright/test";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, mkdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";

/** The checkout, whose `out/` holds the built app. */
export const rootDirectory = path.resolve(import.meta.dirname, "..");

/** The folder of a packaged app to test in place of the checkout's (`npm run test:packaged`); undefined without one. */
const packagedDirectory = process.env["ORTHOMASK_PACKAGED"];
const commandLineScript =
  packagedDirectory === undefined
    ? path.join(rootDirectory, "scripts/orthomask.mjs")
    : path.join(packagedDirectory, "resources/app.asar.unpacked/out/cli/cli.mjs");

/** A started app: its page, and the folder that keeps its data apart from the user's own. */
export interface RunningApp {
  page: Page;
  dataDirectory: string;
  /** The desktop shell's own process; null in a browser. */
  electron: ElectronApplication | null;
  close: () => Promise<void>;
  /** Ends the host without a word, as a crash would; null where a test can't: in the desktop shell, and elsewhere than on Linux. */
  kill: (() => Promise<void>) | null;
}

/** Starts the app on `folder`, or as on a first start when it is null. */
export type StartApp = (folder: string | null) => Promise<RunningApp>;

export interface AppOptions {
  /** Which shell the project tests; set in playwright.config.ts. */
  shell: "desktop" | "browser";
}

/** Playwright's test with `startApp`, which every spec uses, so that each runs in both shells. */
export const test = base.extend<{ startApp: StartApp }, AppOptions>({
  shell: ["browser", { option: true, scope: "worker" }],
  startApp: async ({ shell }, use) => {
    const running: RunningApp[] = [];
    await use(async (folder) => {
      const dataDirectory = await mkdtemp(path.join(tmpdir(), "orthomask-e2e-"));
      const started = await (shell === "desktop" ? startDesktop : startBrowser)(folder, dataDirectory);
      let closing: Promise<void> | null = null;
      const app = { ...started, close: () => (closing ??= started.close()) };
      running.push(app);
      return app;
    });
    for (const app of running) {
      await app.close();
      await rm(app.dataDirectory, { recursive: true, force: true });
    }
  },
});

/** The environment of a started app: everything it remembers, and what it can make again, goes below `dataDirectory`. */
function environment(dataDirectory: string): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    ...Object.fromEntries(inherited),
    ORTHOMASK_DATA: dataDirectory,
    ORTHOMASK_CACHE: path.join(dataDirectory, "cache"),
  };
}

async function startDesktop(folder: string | null, dataDirectory: string): Promise<RunningApp> {
  const runtime = process.env["ELECTRON_OVERRIDE_DIST_PATH"];
  const folderWords = folder === null ? [] : [folder];
  const launch = (): Promise<ElectronApplication> =>
    _electron.launch({
      ...(packagedDirectory !== undefined
        ? { executablePath: path.join(packagedDirectory, "orthomask"), args: folderWords }
        : {
            ...(runtime === undefined ? {} : { executablePath: path.join(runtime, "electron") }),
            args: ["--no-sandbox", rootDirectory, ...folderWords],
          }),
      env: environment(dataDirectory),
      timeout: 40_000,
    });
  // On a busy machine Playwright once waited in vain for an app whose window was long there (Electron 22): it has killed it and tries again.
  const electron = await launch().catch(launch);
  const page = await electron.firstWindow();
  return { page, dataDirectory, electron, close: () => electron.close(), kill: null };
}

async function startBrowser(folder: string | null, dataDirectory: string): Promise<RunningApp> {
  const server = spawn(
    process.execPath,
    [commandLineScript, "serve", ...(folder === null ? [] : [folder]), "--port", "0", "--json"],
    { env: environment(dataDirectory), stdio: ["ignore", "pipe", "inherit"] },
  );
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    server.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const match = /"url":\s*"([^"]+)"/.exec(text);
      if (match?.[1] !== undefined) {
        resolve(match[1]);
      }
    });
    server.once("exit", (code) => {
      reject(new Error(`orthomask serve ended with ${String(code)} before it printed its URL: ${text}`));
    });
  });
  const executablePath = process.env["ORTHOMASK_CHROMIUM"];
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(url);
  return {
    page,
    dataDirectory,
    electron: null,
    kill:
      process.platform === "linux"
        ? async () => {
            const ended = new Promise((resolve) => server.once("exit", resolve));
            const id = String(server.pid);
            // The host is a child of the launcher, which would let it end in order.
            const children = await readFile(`/proc/${id}/task/${id}/children`, "utf8");
            for (const child of children.trim().split(/\s+/)) {
              process.kill(Number(child), "SIGKILL");
            }
            server.kill("SIGKILL");
            await ended;
          }
        : null,
    close: async () => {
      await browser.close();
      server.kill("SIGTERM");
      await new Promise<void>((resolve) => {
        if (server.exitCode !== null || server.signalCode !== null) {
          resolve();
        } else {
          server.once("exit", () => {
            resolve();
          });
        }
      });
    },
  };
}

/** Runs the command line and parses the JSON document it prints. */
export async function orthomask(...words: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [commandLineScript, ...words, "--json"], {
    maxBuffer: 64 << 20,
  });
  return JSON.parse(stdout);
}

/** The map, once it has drawn all that it wants to. */
export async function mapIdle(page: Page): Promise<Locator> {
  const map = page.getByTestId("map");
  await expect(map).toHaveAttribute("data-idle", "true", { timeout: 30_000 });
  return map;
}

/** The colours on screen, three bytes a pixel, row-major. */
export interface MapPixels {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
}

/** Every colour of the map as drawn, once it is idle, to see that a layer changed it. */
export async function mapPixels(page: Page): Promise<MapPixels> {
  const map = await mapIdle(page);
  // Messages come and go over the map, which isn't changed by them.
  const setMessages = (visibility: string): Promise<void> =>
    page.locator(".toasts").evaluateAll((lists, value) => {
      for (const list of lists) {
        (list as HTMLElement).style.visibility = value;
      }
    }, visibility);
  await setMessages("hidden");
  const shot = await map.screenshot();
  await setMessages("");
  const { data, info } = await sharp(shot).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** Share of the bytes of two pictures that differ visibly. */
export function changedShare({ data: before }: MapPixels, { data: after }: MapPixels): number {
  expect(after.length).toBe(before.length);
  let changed = 0;
  for (let index = 0; index < before.length; index++) {
    if (Math.abs((before[index] ?? 0) - (after[index] ?? 0)) > 6) {
      changed++;
    }
  }
  return changed / before.length;
}

/** Shows or hides the labels with their key, whichever state they are in. */
export async function labelsShown(page: Page, shown: boolean): Promise<void> {
  const toggle = page.getByTestId("layer-labels");
  if ((await toggle.getAttribute("aria-pressed")) !== String(shown)) {
    await page.getByTestId("map").press("2");
  }
  await expect(toggle).toHaveAttribute("aria-pressed", String(shown));
}

/** Fills a number of the training's settings, which may be among the advanced ones. */
export async function setNumber(page: Page, testId: string, value: number): Promise<void> {
  const field = page.getByTestId(testId);
  if (!(await field.isVisible())) {
    await page.getByTestId("advanced-settings").click();
  }
  await field.fill(String(value));
  await field.press("Tab");
}

/** Keeps a screenshot as an artifact of the run, named by project and step. */
export async function keepScreenshot(page: Page, project: string, step: string): Promise<void> {
  const directory = path.join(rootDirectory, "artifacts/screenshots");
  await mkdir(directory, { recursive: true });
  // Some are pictures of the guide: what fades in has arrived, what fades out is gone.
  await page.evaluate(async () => {
    const ending = document
      .getAnimations()
      .filter((animation) => animation.effect?.getComputedTiming().iterations !== Infinity);
    await Promise.race([
      Promise.allSettled(ending.map((animation) => animation.finished)),
      new Promise((resolve) => setTimeout(resolve, 1000)),
    ]);
  });
  await page.screenshot({
    path: path.join(directory, `${project}-${step}.png`),
    animations: "disabled",
  });
}
