// The shared transport suite over the desktop's own ports: it runs in a real page, against a host in a real process, by the
// shell's own hand-over.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { _electron } from "@playwright/test";
import type { ElectronApplication, Page } from "@playwright/test";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { show } from "../../fixtures/rpc/probe-implementation.ts";
import { transportCases, values } from "../../fixtures/rpc/transport-cases.ts";
import { HOST_PID_FILE } from "../../fixtures/rpc/transport-probe-host.ts";
import { buildProbeApp } from "../../fixtures/shell/build-probe-app.ts";
import { findDesktopRuntime } from "../../fixtures/shell/desktop-runtime.ts";

const runtime = await findDesktopRuntime();
const shown = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, show(value)]));

declare global {
  /** Only in the page of this test. */
  var runTransportCase: (name: string, shown: Readonly<Record<string, string>>) => Promise<void>;
}

afterAll(() => runtime?.display.close());

describe.skipIf(runtime === null).each([
  { name: "a page and a forked host, relayed by the shell", host: "probe-host", hostProcess: "forked" },
  {
    name: "a page and a utility process, by a port of their own",
    host: "probe-host",
    hostProcess: "utility",
  },
  // What a shipped app does: its fuses let nothing run as Node.
  { name: "a host and an engine that the shell started for it", host: "engine-host", hostProcess: "utility" },
] as const)("$name", ({ host, hostProcess }) => {
  let application: ElectronApplication;
  let page: Page;
  let appDirectory: string;
  let dataDirectory: string;

  beforeAll(async () => {
    appDirectory = await buildProbeApp("desktop", {
      host: `fixtures/rpc/transport-${host}.ts`,
      ...(host === "engine-host" ? { engine: "fixtures/rpc/transport-engine.ts" } : {}),
      page: "fixtures/rpc/transport-page.js",
      hostProcess,
    });
    dataDirectory = await mkdtemp(path.join(tmpdir(), "orthomask-ports-"));
    application = await _electron.launch({
      executablePath: runtime?.executablePath ?? "",
      args: ["--no-sandbox", appDirectory],
      env: {
        ...(process.env as Record<string, string>),
        DISPLAY: String(runtime?.display.name),
        ORTHOMASK_DATA: dataDirectory,
        ORTHOMASK_CACHE: path.join(dataDirectory, "cache"),
      },
    });
    page = await application.firstWindow();
    await page.exposeFunction("killHost", async () => {
      process.kill(Number(await readFile(path.join(dataDirectory, HOST_PID_FILE), "utf8")), "SIGKILL");
    });
    await page.waitForFunction(() => "runTransportCase" in globalThis);
  }, 120_000);
  afterAll(async () => {
    await application.close();
    await rm(appDirectory, { recursive: true, force: true });
    await rm(dataDirectory, { recursive: true, force: true });
  });

  // Each of its cases starts an engine, so it has those that tell ports apart, not every kind of value.
  const few =
    /^(carries (bytes|a view|floats)|carries a megabyte|answers many|cancels a call|streams in order|rejects everything)/;
  const cases = transportCases.filter(({ name }) => host !== "engine-host" || few.test(name));

  test.each(cases)("$name", async ({ name }) => {
    // A case that fails in the page rejects here, with the page's own message.
    await expect(
      page.evaluate((run) => globalThis.runTransportCase(run.name, run.shown), { name, shown }),
    ).resolves.toBeUndefined();
  });
});
