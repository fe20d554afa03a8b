import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AppUpdater } from "electron-updater";
import { releaseFeed } from "./release-feed.ts";
import { checkedFeed, readUpdateSettings, writeUpdateConsent } from "./update-settings.ts";
import { Updates } from "./updates.ts";
import type { UpdateQuestion } from "./updates.ts";

const require = createRequire(import.meta.url);
// Its index takes Electron's updater of this system; the classes themselves run under Node.
const { AppImageUpdater } = require("electron-updater") as {
  AppImageUpdater: new (feed: null, app: object) => AppUpdater;
};
const { HttpExecutor } = createRequire(require.resolve("electron-updater"))("builder-util-runtime") as {
  HttpExecutor: new () => object;
};

/** Electron-updater's way to the network, by Node's own client instead of Chromium's. */
class NodeExecutor extends HttpExecutor {
  createRequest(options: object, callback: (response: unknown) => void): unknown {
    return httpRequest(options, callback);
  }
  async download(url: URL, destination: string, options: { sha512?: string }): Promise<string> {
    const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
    if (createHash("sha512").update(bytes).digest("base64") !== options.sha512) {
      throw new Error("sha512 checksum mismatch");
    }
    await writeFile(destination, bytes);
    return destination;
  }
}

const installer = Buffer.from("an installer of the next version");
let base: string;
let asked: string[];
let feed: string;
let quitHandlers: ((code: number) => void)[];
let server: ReturnType<typeof createServer>;
let offered: { version: string; sha512: string };

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), "orthomask-updates-"));
  asked = [];
  quitHandlers = [];
  offered = { version: "0.2.0", sha512: createHash("sha512").update(installer).digest("base64") };
  server = createServer((request, response) => {
    const name = new URL(request.url ?? "", "http://feed").pathname.slice(1);
    asked.push(name);
    if (name === "latest-linux.yml") {
      response.end(
        [
          `version: ${offered.version}`,
          "files:",
          "  - url: Orthomask.AppImage",
          `    sha512: ${offered.sha512}`,
          `    size: ${installer.length}`,
          "path: Orthomask.AppImage",
          `sha512: ${offered.sha512}`,
          "releaseDate: '2026-11-27T00:00:00.000Z'",
        ].join("\n"),
      );
    } else {
      response.end(installer);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  feed = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await writeFile(
    path.join(base, "app-update.yml"),
    "provider: generic\nurl: https://updates.invalid/\nupdaterCacheDirName: cache\n",
  );
  await writeFile(path.join(base, "updates.json"), JSON.stringify({ version: 1, feed }));
  vi.stubEnv("APPIMAGE", path.join(base, "Orthomask.AppImage"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(base, { recursive: true });
});

function updater(): AppUpdater {
  const made = new AppImageUpdater(null, {
    version: "0.1.0",
    name: "orthomask",
    isPackaged: true,
    appUpdateConfigPath: path.join(base, "app-update.yml"),
    userDataPath: base,
    baseCachePath: base,
    whenReady: () => Promise.resolve(),
    relaunch: () => undefined,
    quit: () => undefined,
    onQuit: (handler: (code: number) => void) => quitHandlers.push(handler),
  });
  Object.assign(made, { httpExecutor: new NodeExecutor(), disableDifferentialDownload: true });
  return made;
}

/** Updates with everything real but the person who answers: yes to these kinds of question. */
function updates(
  yes: readonly UpdateQuestion["kind"][],
  { replaceable = true } = {},
): { updates: Updates; questions: UpdateQuestion[]; install: ReturnType<typeof vi.fn> } {
  const questions: UpdateQuestion[] = [];
  const install = vi.fn();
  return {
    questions,
    install,
    updates: new Updates({
      replaceable,
      settings: () => readUpdateSettings(base, {}),
      keepConsent: (look) => {
        writeUpdateConsent(base, look);
      },
      openFeed: (address) => {
        const real = updater();
        Object.assign(real, { doInstall: install });
        return Promise.resolve(releaseFeed(real, address));
      },
      ask: (question) => {
        questions.push(question);
        return Promise.resolve(yes.includes(question.kind));
      },
    }),
  };
}

describe("updates", () => {
  it("ask nothing of anybody before they are switched on", async () => {
    const { updates: off } = updates(["download", "install-on-quit"]);
    await off.start();
    expect(off.wish("look-now")).toEqual({ kind: "off", feed });
    expect(asked).toEqual([]);
  });

  it("without a feed, or in a copy that can't replace itself, can't be switched on", async () => {
    const { updates: elsewhere } = updates([], { replaceable: false });
    expect(elsewhere.wish("switch-on")).toEqual({ kind: "not-here" });
    await writeFile(
      path.join(base, "updates.json"),
      JSON.stringify({ version: 1, feed: "http://example.org/" }),
    );
    expect(updates([]).updates.wish("switch-on")).toEqual({
      kind: "unusable-feed",
      reason: 'The update feed must be an https:// address, but is "http://example.org/".',
    });
    await writeFile(path.join(base, "updates.json"), "damaged");
    expect(updates([]).updates.wish("switch-on")).toEqual({ kind: "no-feed" });
    expect(asked).toEqual([]);
  });

  it("look once they are, and download nothing that wasn't wanted", async () => {
    const { updates: on, questions } = updates([]);
    expect(on.wish("switch-on")).toEqual({ kind: "looking", feed });
    await vi.waitFor(() => {
      expect(on.state).toEqual({ kind: "declined", feed, version: "0.2.0" });
    });
    expect(questions).toEqual([{ kind: "download", version: "0.2.0", feed }]);
    expect(asked).toEqual(["latest-linux.yml"]);
    expect(readUpdateSettings(base, {})).toEqual({ version: 1, feed, look: true });
    // The next start looks by itself; switching off ends that.
    const { updates: next } = updates([]);
    await next.start();
    expect(next.state.kind).toBe("declined");
    expect(next.wish("switch-off")).toEqual({ kind: "off", feed });
    const { updates: later } = updates([]);
    await later.start();
    expect(later.state.kind).toBe("off");
  });

  it("install nothing that was only downloaded", async () => {
    writeUpdateConsent(base, true);
    const { updates: on, questions, install } = updates(["download"]);
    await on.start();
    expect(on.state).toEqual({ kind: "downloaded", feed, version: "0.2.0", installedOnQuit: false });
    expect(questions.map(({ kind }) => kind)).toEqual(["download", "install-on-quit"]);
    expect(await readdir(path.join(base, "cache/pending"))).toContain("Orthomask.AppImage");
    for (const quit of quitHandlers) {
      quit(0);
    }
    expect(install).not.toHaveBeenCalled();
  });

  it("install on quitting what was agreed to, without fetching it twice", async () => {
    writeUpdateConsent(base, true);
    const { updates: on, install } = updates(["download", "install-on-quit"]);
    await on.start();
    expect(on.state).toMatchObject({ kind: "downloaded", installedOnQuit: true });
    expect(asked).toEqual(["latest-linux.yml", "Orthomask.AppImage"]);
    expect(install).not.toHaveBeenCalled();
    for (const quit of quitHandlers) {
      quit(0);
    }
    expect(install).toHaveBeenCalledTimes(1);
  });

  it("say so when there is nothing newer, and when what came isn't what the feed promised", async () => {
    writeUpdateConsent(base, true);
    offered = { ...offered, version: "0.1.0" };
    const { updates: same } = updates([]);
    await same.start();
    expect(same.state).toEqual({ kind: "newest", feed });
    offered = { version: "0.2.0", sha512: createHash("sha512").update("another").digest("base64") };
    const { updates: wrong } = updates(["download", "install-on-quit"]);
    await wrong.start();
    expect(wrong.state).toMatchObject({ kind: "failed", reason: "sha512 checksum mismatch" });
  });

  it("take the feed from the environment first, and never keep it in the file", () => {
    const named = readUpdateSettings(base, { ORTHOMASK_UPDATE_FEED: "https://example.org/feed" });
    expect(named.feed).toBe("https://example.org/feed");
    writeUpdateConsent(base, true);
    expect(readUpdateSettings(base, {}).feed).toBe(feed);
    expect(() => checkedFeed("file:///etc/passwd")).toThrow("must be an https:// address");
  });
});
