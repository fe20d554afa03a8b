// The real desktop shell in a real Electron, around a host and a page that have nothing else.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { _electron } from "@playwright/test";
import type { ElectronApplication, Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildProbeApp } from "../../fixtures/shell/build-probe-app.ts";
import { findDesktopRuntime } from "../../fixtures/shell/desktop-runtime.ts";
import "../../fixtures/shell/page-link.ts";

const runtime = await findDesktopRuntime();
const display = runtime?.display ?? null;
const executablePath = runtime?.executablePath ?? "";

let application: ElectronApplication | null = null;
let appDirectory: string;
let dataDirectory: string;

function environment(): Record<string, string> {
  return {
    ...(process.env as Record<string, string>),
    DISPLAY: String(display?.name),
    ORTHOMASK_DATA: dataDirectory,
    ORTHOMASK_CACHE: path.join(dataDirectory, "cache"),
  };
}

async function start(...folder: string[]): Promise<Page> {
  application = await _electron.launch({
    executablePath,
    args: ["--no-sandbox", appDirectory, ...folder],
    env: environment(),
  });
  const page = await application.firstWindow();
  await page.waitForFunction(() => "link" in globalThis && globalThis.link.state.kind !== "connecting");
  return page;
}

function running(): ElectronApplication {
  if (application === null) {
    throw new Error("No application was started.");
  }
  return application;
}

describe.skipIf(display === null)("the desktop shell", () => {
  beforeAll(async () => {
    appDirectory = await buildProbeApp("desktop");
    dataDirectory = await mkdtemp(path.join(tmpdir(), "orthomask-desktop-"));
  }, 60_000);
  afterEach(async () => {
    await application?.close();
    application = null;
  });
  afterAll(async () => {
    display?.close();
    await rm(appDirectory, { recursive: true, force: true });
    await rm(dataDirectory, { recursive: true, force: true });
  });

  test("hands the page a port to the host, again after a reload, and ends the host in order", async () => {
    const page = await start("mosaics");
    const started = await page.evaluate(() => globalThis.link.client.probe.startedWith());
    expect(started).toMatchObject({ folder: path.resolve("mosaics"), version: "9.8.7" });
    expect(Number(started.nodeVersion.split(".")[0])).toBeGreaterThanOrEqual(20);

    const sum = await page.evaluate(async () => {
      const data = new Uint8Array(262_144).fill(3);
      const echoed = (await globalThis.link.client.probe.echo({
        data,
        gone: undefined,
        least: -Infinity,
      })) as {
        data: Uint8Array;
        least: number;
      };
      return [
        echoed.data.reduce((total, byte) => total + byte, 0),
        "gone" in echoed,
        echoed.least === -Infinity,
      ];
    });
    expect(sum).toStrictEqual([3 * 262_144, true, true]);

    await page.reload();
    const again = await page.evaluate(() => globalThis.link.client.probe.startedWith());
    expect(again.processId).toBe(started.processId);
    expect(await page.evaluate(() => globalThis.link.client.probe.connectedPages())).toBe(1);

    await running().close();
    application = null;
    expect(existsSync(path.join(dataDirectory, "closed-in-order"))).toBe(true);
    expect(() => process.kill(started.processId, 0)).toThrow();
    const state: unknown = JSON.parse(await readFile(path.join(dataDirectory, "window-state.json"), "utf8"));
    expect(state).toMatchObject({ version: 1, bounds: { width: 1440, height: 900 } });
  }, 60_000);

  test("keeps the page in its sandbox and on its address", async () => {
    const page = await start();
    // As text, since these lines alone need the DOM's types.
    const surroundings = await page.evaluate(`(async () => {
      const inline = document.createElement("script");
      inline.textContent = "globalThis.ranInline = true";
      document.body.append(inline);
      return {
        origin: window.location.origin,
        globals: ["require", "process", "module", "electron", "ipcRenderer", "ranInline"].filter(
          (name) => name in globalThis,
        ),
        handedOver: Object.keys(globalThis.orthomaskPort),
        opened: window.open("https://example.invalid/") === null,
        fetched: await fetch("https://example.invalid/").catch((error) => String(error)),
        outside: (await fetch("/..%2f..%2fpackage.json")).status,
        geolocation: (await navigator.permissions.query({ name: "geolocation" })).state,
      };
    })()`);
    expect(surroundings).toMatchObject({
      origin: "app://page",
      globals: [],
      handedOver: ["request"],
      opened: true,
      fetched: "TypeError: Failed to fetch",
      outside: 404,
      geolocation: "denied",
    });
    await page.evaluate(`void (window.location.href = "https://example.invalid/")`);
    expect(await page.evaluate(() => globalThis.link.client.probe.echo("still here"))).toBe("still here");
    expect(page.url()).toBe("app://page/");
  }, 60_000);

  test("tells the page when the host was killed, and starts another when asked", async () => {
    const page = await start("mosaics");
    const { processId } = await page.evaluate(() => globalThis.link.client.probe.startedWith());
    const hanging = page.evaluate(() =>
      globalThis.link.client.probe.hang().catch((error: unknown) => (error as { code: string }).code),
    );
    await page.evaluate(() => globalThis.link.client.probe.echo(null));
    process.kill(processId, "SIGKILL");
    expect(await hanging).toBe("disconnected");
    await expect
      .poll(() => page.evaluate(() => globalThis.link.state))
      .toStrictEqual({
        kind: "lost",
        reason: "Orthomask's host process ended by SIGKILL.",
        retrying: false,
      });
    const second = await page.evaluate(() => {
      globalThis.link.reconnect();
      return globalThis.link.client.probe.startedWith();
    });
    expect(second.processId).not.toBe(processId);
    expect(second.folder).toBe(path.resolve("mosaics"));
  }, 60_000);

  test("shows the window again when its page was killed, tells the page so, and logs both without names", async () => {
    const folder = path.resolve("secret-fields");
    await start("secret-fields");
    const pid = await running().evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId(),
    );
    expect(pid).toBeGreaterThan(1);
    process.kill(Number(pid), "SIGKILL");
    // Playwright takes a page that has crashed for gone, so the window is asked.
    const inWindow = (script: string): Promise<unknown> =>
      running().evaluate(
        ({ BrowserWindow }, code) =>
          Promise.race([
            BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(code) as Promise<unknown>,
            // What a page that is just dying is asked is never answered.
            new Promise((resolve) => setTimeout(resolve, 1000, null)),
          ]),
        script,
      );
    await expect
      .poll(() => inWindow("globalThis.link?.state.kind").catch(() => null), { timeout: 30_000 })
      .toBe("connected");
    expect(await inWindow("location.href")).toBe("app://page/?restarted");
    const { processId } = (await inWindow("globalThis.link.client.probe.startedWith()")) as {
      processId: number;
    };
    process.kill(processId, "SIGKILL");
    await expect.poll(() => inWindow("globalThis.link.state.kind")).toBe("lost");
    await running().close();
    application = null;
    const log = await readFile(path.join(dataDirectory, "logs/orthomask.log"), "utf8");
    expect(log).toContain('"event":"shell-started"');
    expect(log).toMatch(/"event":"page-process-gone","reason":"killed"/);
    expect(log).toContain('"event":"host-gone","reason":"Orthomask\'s host process ended by SIGKILL."');
    expect(log).not.toContain(folder);
    expect(log).not.toContain("secret-fields");
  }, 120_000);

  test("says why the host could not be started", async () => {
    const page = await start("refused");
    expect(await page.evaluate(() => globalThis.link.state)).toStrictEqual({
      kind: "lost",
      reason: `There is no folder ${path.resolve("refused")}.`,
      retrying: false,
    });
  }, 60_000);

  test("passes the menu's commands on, shows recent folders and opens them", async () => {
    const page = await start();
    const command = page.evaluate(async () => {
      for await (const received of globalThis.link.client.probe.commands()) {
        if (received === "listening") {
          Object.assign(globalThis, { listening: true });
        } else {
          return received;
        }
      }
      return null;
    });
    await page.waitForFunction(() => "listening" in globalThis);
    await running().evaluate(({ Menu }) => {
      Menu.getApplicationMenu()?.getMenuItemById("zoom-fit")?.click();
    });
    expect(await command).toBe("zoom-fit");

    const recent = path.resolve("recent & rare");
    await page.evaluate(
      (folderPath) => globalThis.link.client.probe.setRecentFolders({ folderPaths: [folderPath] }),
      recent,
    );
    await expect
      .poll(() =>
        running().evaluate(
          ({ Menu }) =>
            Menu.getApplicationMenu()
              ?.items.flatMap((item) => item.submenu?.items ?? [])
              .find((item) => item.label === "Open recent")
              ?.submenu?.items.map((item) => item.label) ?? [],
        ),
      )
      .toStrictEqual(["recent && rare"]);
    const reloaded = page.waitForEvent("load");
    await running().evaluate(({ Menu }) => {
      Menu.getApplicationMenu()
        ?.items.flatMap((item) => item.submenu?.items ?? [])
        .find((item) => item.label === "Open recent")
        ?.submenu?.items[0]?.click();
    });
    await reloaded;
    expect((await page.evaluate(() => globalThis.link.client.probe.startedWith())).folder).toBe(recent);
  }, 60_000);

  test("shows the native folder dialog, and asks before closing while busy", async () => {
    const page = await start();
    await running().evaluate(({ dialog }) => {
      Object.assign(dialog, {
        showOpenDialog: () => Promise.resolve({ canceled: false, filePaths: ["/chosen"] }),
        showMessageBoxSync: (_: unknown, { message }: { message: string }) => {
          Object.assign(globalThis, { asked: message });
          return 0;
        },
      });
    });
    expect(await page.evaluate(() => globalThis.link.client.probe.chooseFolder())).toBe("/chosen");
    await page.evaluate(() => globalThis.link.client.probe.setBusy({ reason: "Training unet is running" }));
    await running().evaluate(({ app }) => {
      app.quit();
    });
    await expect
      .poll(() => running().evaluate(() => (globalThis as unknown as { asked?: string }).asked))
      .toBe("Training unet is running. Close Orthomask?");
    expect(await page.evaluate(() => globalThis.link.client.probe.echo("open"))).toBe("open");
    await page.evaluate(() => globalThis.link.client.probe.setBusy({ reason: null }));
  }, 60_000);

  test("takes a second start's folder into the window there is", async () => {
    const page = await start();
    const reloaded = page.waitForEvent("load");
    const second = spawn(executablePath, ["--no-sandbox", appDirectory, "second"], {
      env: environment(),
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => second.once("exit", resolve));
    await reloaded;
    await page.waitForFunction(() => "link" in globalThis);
    const started = await page.evaluate(() => globalThis.link.client.probe.startedWith());
    expect(started.folder).toBe(path.resolve("second"));
    await ended;
    expect(running().windows()).toHaveLength(1);
  }, 60_000);
});
