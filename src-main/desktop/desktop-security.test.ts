// Electron's security checklist against the real shell in a real Electron; docs/security.md says which test holds which point.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { _electron } from "@playwright/test";
import type { ElectronApplication, Page } from "@playwright/test";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildProbeApp } from "../../fixtures/shell/build-probe-app.ts";
import { findDesktopRuntime } from "../../fixtures/shell/desktop-runtime.ts";
import "../../fixtures/shell/page-link.ts";

const runtime = await findDesktopRuntime();

describe.skipIf(runtime === null)("the desktop shell", () => {
  let application: ElectronApplication;
  let page: Page;
  let appDirectory: string;
  let directory: string;
  /** A server elsewhere, and what it was asked for. */
  let elsewhere: Server;
  let asked: string[];
  let remote: string;

  beforeAll(async () => {
    asked = [];
    elsewhere = createServer((request, response) => {
      asked.push(String(request.url));
      response.end("<title>Elsewhere</title>");
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    remote = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
    appDirectory = await buildProbeApp("desktop");
    directory = await mkdtemp(path.join(tmpdir(), "orthomask-security-"));
    application = await _electron.launch({
      executablePath: runtime?.executablePath ?? "",
      args: ["--no-sandbox", appDirectory],
      env: {
        ...(process.env as Record<string, string>),
        DISPLAY: String(runtime?.display.name),
        ORTHOMASK_DATA: path.join(directory, "data"),
        ORTHOMASK_CACHE: path.join(directory, "cache"),
      },
    });
    page = await application.firstWindow();
    await page.waitForFunction(() => "link" in globalThis && globalThis.link.state.kind === "connected");
  }, 120_000);
  afterAll(async () => {
    await application.close();
    runtime?.display.close();
    elsewhere.close();
    await rm(appDirectory, { recursive: true, force: true });
    await rm(directory, { recursive: true, force: true });
  });

  test("gives the page a sandbox, an isolated context and no Node, and weakens nothing", async () => {
    const [preferences, ...others] = await application.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map(
        // Not in Electron's declarations, but there for its own tests and ours.
        ({ webContents }) =>
          (
            webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }
          ).getLastWebPreferences(),
      ),
    );
    expect(others).toStrictEqual([]);
    expect(preferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
    });
    // Those that would weaken it are there only when somebody set them, or with their safe default.
    expect(preferences?.["nodeIntegrationInWorker"] ?? false).toBe(false);
    expect(preferences?.["webSecurity"] ?? true).toBe(true);
    expect(preferences?.["allowRunningInsecureContent"] ?? false).toBe(false);
    expect(preferences?.["experimentalFeatures"] ?? false).toBe(false);
    expect(preferences?.["enableBlinkFeatures"] ?? "").toBe("");
  });

  test("grants no permission, whether the page asks or looks", async () => {
    // As text, since these lines alone need the DOM's types.
    const answers = await page.evaluate(`(async () => {
      const names = ["geolocation", "camera", "microphone", "midi", "notifications", "clipboard-read"];
      const states = await Promise.all(
        names.map((name) => navigator.permissions.query({ name }).then(({ state }) => state)),
      );
      return {
        states: [...new Set(states)],
        notification: await Notification.requestPermission(),
        location: await new Promise((resolve) => {
          navigator.geolocation.getCurrentPosition(() => resolve("granted"), ({ code }) => resolve(code));
        }),
        camera: await navigator.mediaDevices.getUserMedia({ video: true }).then(() => "granted", () => "refused"),
        midi: await navigator.requestMIDIAccess({ sysex: true }).then(() => "granted", () => "refused"),
      };
    })()`);
    expect(answers).toStrictEqual({
      states: ["denied"],
      notification: "denied",
      // PERMISSION_DENIED
      location: 1,
      camera: "refused",
      midi: "refused",
    });
  });

  test("lets the page neither open windows nor leave, by script, link, form or frame", async () => {
    await page.evaluate(`(() => {
      for (const target of ["_blank", "_self"]) {
        const link = document.createElement("a");
        link.href = "${remote}/link";
        link.target = target;
        link.rel = "opener";
        document.body.append(link);
        link.click();
      }
      const form = document.createElement("form");
      form.action = "${remote}/form";
      document.body.append(form);
      form.submit();
      const frame = document.createElement("iframe");
      frame.src = "${remote}/frame";
      document.body.append(frame);
      window.open("${remote}/window");
      window.location.href = "file:///etc/hostname";
    })()`);
    expect(await page.evaluate(() => globalThis.link.client.probe.echo("still here"))).toBe("still here");
    expect(page.url()).toBe("app://page/");
    expect(application.windows()).toHaveLength(1);
    expect(asked).toStrictEqual([]);
  });

  test("loads nothing from elsewhere, even where no policy forbids it", async () => {
    const outcome = await application.evaluate(async ({ BrowserWindow }, url) => {
      const window = new BrowserWindow({ show: false });
      const code = await window.loadURL(url).then(
        () => "loaded",
        (error: unknown) => (error as { code: string }).code,
      );
      window.destroy();
      return code;
    }, `${remote}/page`);
    expect(outcome).toBe("ERR_BLOCKED_BY_CLIENT");
    expect(asked).toStrictEqual([]);
  });

  test("lets the page read nothing but its own files: not the disk, not a report, not a folder above", async () => {
    const read = await page.evaluate(`Promise.all(
      ["file:///etc/hostname", "app://report/1", "app://other/index.html", "app://page/../main.cjs", "/..%2f..%2fpackage.json"].map((url) =>
        fetch(url).then(({ status }) => status, () => "refused"),
      ),
    )`);
    expect(read).toStrictEqual(["refused", "refused", "refused", 404, 404]);
  });

  test("answers no other window's request for a port, though it shows the page with our preload", async () => {
    const pages = await page.evaluate(() => globalThis.link.client.probe.connectedPages());
    const state: unknown = await application.evaluate(
      async ({ BrowserWindow }, preload) => {
        const window = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } });
        await window.loadURL("app://page/");
        await new Promise((resolve) => setTimeout(resolve, 700));
        const found: unknown = await window.webContents.executeJavaScript("globalThis.link.state.kind");
        window.destroy();
        return found;
      },
      path.join(appDirectory, "out/desktop/preload.cjs"),
    );
    expect(state).toBe("connecting");
    expect(await page.evaluate(() => globalThis.link.client.probe.connectedPages())).toBe(pages);
  });

  test("takes the path of what the user drops, and of nothing that a script pretends to drop", async () => {
    await page.evaluate(() => {
      const heard: string[][] = [];
      Object.assign(globalThis, { heard, listening: false });
      void (async () => {
        for await (const paths of globalThis.link.client.probe.drops()) {
          if (paths === "listening") {
            Object.assign(globalThis, { listening: true });
          } else {
            heard.push(paths);
          }
        }
      })();
    });
    // Not by `waitForFunction`: a string that isn't true at once is evaluated in the page, which its policy forbids.
    await expect.poll(() => page.evaluate("globalThis.listening"), { timeout: 10_000 }).toBe(true);
    const dropped = path.join(directory, "fields & more.geojson");
    await writeFile(dropped, "{}");
    // A script has files of its own making only, and events that say so; it reaches neither Electron nor the channel.
    await page.evaluate(`(() => {
      const dataTransfer = new DataTransfer();
      const file = new File(["{}"], "passwd");
      try {
        Object.defineProperty(file, "path", { value: "/etc/passwd" });
      } catch {}
      dataTransfer.items.add(file);
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
    })()`);
    const session = await page.context().newCDPSession(page);
    const at = { x: 700, y: 500, data: { items: [], files: [dropped], dragOperationsMask: 1 } };
    // Beside the frame of another test, and where the page takes drops.
    await page.evaluate(`window.addEventListener("dragover", (event) => event.preventDefault());
      window.addEventListener("drop", (event) => event.preventDefault());`);
    for (const type of ["dragEnter", "dragOver", "drop"] as const) {
      await session.send("Input.dispatchDragEvent", { type, ...at });
    }
    await expect
      .poll(() => page.evaluate("globalThis.heard"), { timeout: 10_000 })
      .toStrictEqual([[dropped]]);
  });

  test("prints a report without running or fetching anything that it names", async () => {
    const htmlPath = path.join(directory, "report.html");
    const pdfPath = path.join(directory, "report.pdf");
    await writeFile(
      htmlPath,
      `<!doctype html><title>Report</title><style>@import url("${remote}/style.css");</style>
      <img src="${remote}/picture.png"><img src="file:///etc/hostname"><iframe src="${remote}/frame"></iframe>
      <script>location.href = "${remote}/script";</script><meta http-equiv="refresh" content="0;${remote}/refresh">
      <p>Mean IoU</p>`,
    );
    await page.evaluate((paths) => globalThis.link.client.probe.printToPdf(paths), { htmlPath, pdfPath });
    expect((await readFile(pdfPath)).subarray(0, 5).toString()).toBe("%PDF-");
    expect(asked).toStrictEqual([]);
    expect(application.windows()).toHaveLength(1);
  });
});
