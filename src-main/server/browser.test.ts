// The real server in a process of its own and a real browser, around a host and a page that have nothing else.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "@playwright/test";
import type { Browser } from "@playwright/test";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildProbeApp } from "../../fixtures/shell/build-probe-app.ts";
import "../../fixtures/shell/page-link.ts";

function installedBrowser(): string | null {
  const directories = (process.env["PATH"] ?? "").split(path.delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
  const installed = names.flatMap((name) => directories.map((directory) => path.join(directory, name)));
  const candidates = [process.env["ORTHOMASK_CHROMIUM"] ?? "", ...installed, chromium.executablePath()];
  return candidates.find((candidate) => candidate !== "" && existsSync(candidate)) ?? null;
}

const executablePath = installedBrowser();
if (executablePath === null) {
  console.warn(
    "Skipped: the server's page needs a browser (Chromium or Chrome on the PATH, or ORTHOMASK_CHROMIUM).",
  );
}

let appDirectory: string;
let dataDirectory: string;
let server: ChildProcess | null = null;

/** Starts the server; answers what it printed first, and how it ends. */
async function start(...argv: string[]): Promise<{ line: string; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [path.join(appDirectory, "out/server/server.mjs"), ...argv], {
    env: {
      ...process.env,
      ORTHOMASK_DATA: dataDirectory,
      ORTHOMASK_CACHE: path.join(dataDirectory, "cache"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  server = child;
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (chunk: Buffer) => {
      resolve(chunk.toString());
    });
    void ended.then(() => {
      reject(new Error(complaint));
    });
  });
  return { line, ended };
}

beforeAll(async () => {
  appDirectory = await buildProbeApp("server");
  dataDirectory = await mkdtemp(path.join(tmpdir(), "orthomask-server-"));
}, 60_000);
afterEach(() => {
  server?.kill("SIGKILL");
  server = null;
});
afterAll(async () => {
  await rm(appDirectory, { recursive: true, force: true });
  await rm(dataDirectory, { recursive: true, force: true });
});

test("prints one line with its address, and closes the host in order on SIGTERM", async () => {
  const { line, ended } = await start("serve", "fixtures");
  expect(line).toMatch(/^Orthomask is at http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/);
  server?.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(existsSync(path.join(dataDirectory, "closed-in-order"))).toBe(true);
});

test("is not hurried by the kill that follows a Ctrl+C when another program started it", async () => {
  await rm(path.join(dataDirectory, "closed-in-order"), { force: true });
  const { ended } = await start("serve", "--json");
  server?.kill("SIGINT");
  server?.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(existsSync(path.join(dataDirectory, "closed-in-order"))).toBe(true);
});

test("says in one sentence what is wrong with its arguments, or with its port", async () => {
  await expect(start("serve", "--port", "http")).rejects.toThrow(
    /^orthomask serve: --port wants a number from 0 to 65535, but got "http"\.\n$/,
  );
  const { line } = await start("serve", "--json");
  const { url } = JSON.parse(line) as { url: string };
  const first = server;
  await expect(start("serve", "--port", new URL(url).port)).rejects.toThrow(
    /^orthomask serve: .*EADDRINUSE.*\n$/,
  );
  first?.kill("SIGKILL");
});

describe.skipIf(executablePath === null)("in a browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: String(executablePath), args: ["--no-sandbox"] });
  });
  afterAll(() => browser.close());

  test("the page gets its host by WebSocket under the policy, and notices when it is gone", async () => {
    const { line } = await start("serve", "fixtures", "--json");
    const { url } = JSON.parse(line) as { url: string };
    const page = await browser.newPage();
    const violations: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") {
        violations.push(message.text());
      }
    });
    await page.goto(url);
    expect(page.url()).toBe(new URL("/", url).href);
    await page.waitForFunction(() => "link" in globalThis && globalThis.link.state.kind === "connected");
    const started = await page.evaluate(() => globalThis.link.client.probe.startedWith());
    expect(started).toMatchObject({ folder: path.resolve("fixtures"), version: "9.8.7" });
    const sum = await page.evaluate(async () => {
      const echoed = (await globalThis.link.client.probe.echo({
        data: new Uint8Array(262_144).fill(3),
        gone: undefined,
        least: -Infinity,
      })) as { data: Uint8Array; least: number };
      return [
        echoed.data.reduce((total, byte) => total + byte, 0),
        "gone" in echoed,
        echoed.least === -Infinity,
      ];
    });
    expect(sum).toStrictEqual([3 * 262_144, true, true]);
    expect(
      await page.evaluate(() =>
        globalThis.link.client.probe
          .chooseFolder()
          .catch((error: unknown) => (error as { code: string }).code),
      ),
    ).toBe("unsupported");
    expect(await page.evaluate("document.cookie")).toBe("");
    expect(violations).toStrictEqual([]);

    server?.kill("SIGKILL");
    await expect
      .poll(() => page.evaluate(() => globalThis.link.state))
      .toMatchObject({ kind: "lost", retrying: true });
    await page.close();
  }, 60_000);

  test("another site's page gets neither the page nor a WebSocket", async () => {
    const { line } = await start("serve", "--json");
    const { url } = JSON.parse(line) as { url: string };
    const context = await browser.newContext();
    const own = await context.newPage();
    await own.goto(url);
    await own.waitForFunction(() => "link" in globalThis && globalThis.link.state.kind === "connected");
    // The same server by another name is another site, with no cookie of this one.
    const other = await context.newPage();
    await other.route("http://evil.example/", (route) =>
      route.fulfill({ contentType: "text/html", body: "evil" }),
    );
    await other.goto("http://evil.example/");
    const port = new URL(url).port;
    const seen = await other.evaluate(`(async () => {
      const frame = document.createElement("iframe");
      frame.src = "http://127.0.0.1:${port}/";
      document.body.append(frame);
      const socket = new WebSocket("ws://127.0.0.1:${port}/rpc");
      const opened = await new Promise((resolve) => {
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
      });
      const read = await fetch("http://127.0.0.1:${port}/", { credentials: "include" }).then(
        () => true,
        () => false,
      );
      return { opened, read };
    })()`);
    expect(seen).toStrictEqual({ opened: false, read: false });
    await context.close();
  }, 60_000);
});
