import { BrowserWindow, MessageChannelMain, app, dialog, ipcMain, nativeTheme, screen } from "electron";
import type { ShellCommand } from "#shared/contract.ts";
import type { HandOverMessage } from "#shared/rpc/ports/page-hand-over.ts";
import type { RecentFolder } from "../host/host-options.ts";
import type { AppFiles } from "./app-files.ts";
import { guardPage, isFromPage } from "./guard-page.ts";
import { startHostProcess } from "./host-process.ts";
import type { HostProcess } from "./host-process.ts";
import { setApplicationMenu } from "./menu.ts";
import { nativeCapabilities, nativeShell } from "./native-shell.ts";
import { HAND_OVER_CHANNEL, PAGE_URL, PRELOAD_CHANNEL } from "./page-address.ts";
import { preloadMessage } from "./preload-message.ts";
import type { PreloadMessage } from "./preload-message.ts";
import { restartPage } from "./restart-page.ts";
import { ShellLog } from "./shell-log.ts";
import { desktopUpdates } from "./updates/desktop-updates.ts";
import type { Updates } from "./updates/updates.ts";
import { readWindowState, writeWindowState } from "./window-state.ts";

export interface DesktopOptions {
  readonly files: AppFiles;
  readonly dataDirectory: string;
  readonly cacheDirectory: string;
  readonly initialFolder: string | null;
  /** The dev server's page instead of the built one. */
  readonly pageUrl: string | null;
}

/** How long the host may take to put things in order when the app quits, in milliseconds. */
const CLOSING_TIME = 10_000;

/** The desktop shell: one window, one host, and the menu between them. */
export class DesktopApp {
  readonly #options: DesktopOptions;
  readonly #pageUrl: string;
  #window: BrowserWindow | null = null;
  #host: Promise<HostProcess> | null = null;
  #folder: string | null;
  #busyReason: string | null = null;
  #recentFolders: readonly RecentFolder[] = [];
  #quitting = false;
  readonly #updates: Updates;
  readonly #log: ShellLog;

  constructor(options: DesktopOptions) {
    this.#options = options;
    this.#pageUrl = options.pageUrl ?? PAGE_URL;
    this.#folder = options.initialFolder;
    this.#log = new ShellLog(options.dataDirectory, () => [
      this.#folder,
      ...this.#recentFolders.map(({ folderPath }) => folderPath),
    ]);
    this.#updates = desktopUpdates(options.dataDirectory, () => this.#window);
  }

  /** Opens the window and starts the host beside it. */
  start(): void {
    this.#log.watchFaults(process);
    this.#log.write({
      event: "shell-started",
      version: app.getVersion(),
      electron: process.versions["electron"] ?? null,
    });
    // Chromium's others: drawing, network, the host where it is a utility process. Pages are told of where their window is.
    app.on("child-process-gone", (_event, { type, reason, exitCode, serviceName }) => {
      if (reason !== "clean-exit" && !this.#quitting) {
        this.#log.write({
          event: "shell-process-gone",
          type,
          reason,
          exitCode,
          service: serviceName ?? null,
        });
      }
    });
    this.#setMenu();
    ipcMain.on(PRELOAD_CHANNEL, (event, message: unknown) => {
      if (this.#window !== null && isFromPage(event, this.#window, this.#pageUrl)) {
        this.#hear(preloadMessage(message), this.#window);
      }
    });
    // Started before the page asks, so that both load at the same time; a failure is told when it asks.
    this.#runningHost().catch(() => undefined);
    this.openWindow();
    // What it asks would otherwise stand before the window is there, and be covered by it.
    this.#window?.once("show", () => void this.#updates.start());
  }

  openWindow(): void {
    if (this.#window !== null) {
      if (this.#window.isMinimized()) {
        this.#window.restore();
      }
      this.#window.focus();
      return;
    }
    const state = readWindowState(
      this.#options.dataDirectory,
      screen.getAllDisplays().map(({ workArea }) => workArea),
    );
    const window = new BrowserWindow({
      width: 1440,
      height: 900,
      ...state?.bounds,
      minWidth: 960,
      minHeight: 600,
      show: false,
      title: "Orthomask",
      // The page's own backgrounds, so that nothing flashes before it is drawn.
      backgroundColor: nativeTheme.shouldUseDarkColors ? "#1b1c1e" : "#ffffff",
      webPreferences: {
        preload: this.#options.files.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webviewTag: false,
        spellcheck: false,
      },
    });
    this.#window = window;
    guardPage(window, this.#pageUrl);
    if (state?.maximized === true) {
      window.maximize();
    }
    window.once("ready-to-show", () => {
      window.show();
    });
    window.on("close", (event) => {
      if (!this.#mayClose(window)) {
        event.preventDefault();
        this.#quitting = false;
        return;
      }
      writeWindowState(this.#options.dataDirectory, window);
    });
    window.on("closed", () => {
      this.#window = null;
    });
    window.on("unresponsive", () => {
      this.#log.write({ event: "page-unresponsive" });
    });
    restartPage(window, {
      pageUrl: this.#pageUrl,
      log: this.#log,
      quit: () => {
        this.#quitting = true;
        app.quit();
      },
    });
    void window.loadURL(this.#pageUrl);
  }

  /** Makes FOLDER the open project, in the window there is. */
  async showFolder(folderPath: string): Promise<void> {
    this.#folder = folderPath;
    try {
      const host = await this.#runningHost();
      await host.control.host.showFolder({ folderPath });
      this.openWindow();
      this.#window?.webContents.reload();
    } catch (error) {
      dialog.showErrorBox(
        `${folderPath} can't be opened`,
        error instanceof Error ? error.message : String(error),
      );
    }
  }

  /** Ends the host in order; resolves when it is gone. */
  async close(): Promise<void> {
    this.#quitting = true;
    const host = await this.#host?.catch(() => null);
    if (host === null || host === undefined) {
      await this.#log.flush();
      return;
    }
    const closed = host.control.host.close().catch(() => undefined);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSING_TIME))]);
    host.kill();
    await host.exited;
    await this.#log.flush();
  }

  /** Nothing is lost by closing now, or the user said that it may. */
  #mayClose(window: BrowserWindow): boolean {
    if (this.#busyReason === null) {
      return true;
    }
    const stay = 0;
    const answer = dialog.showMessageBoxSync(window, {
      type: "warning",
      message: `${this.#busyReason}. Close Orthomask?`,
      detail: "Closing ends it. The best epoch of a training so far is kept.",
      buttons: ["Go on working", "Close"],
      defaultId: stay,
      cancelId: stay,
    });
    return answer !== stay;
  }

  #runningHost(): Promise<HostProcess> {
    if (this.#host !== null) {
      return this.#host;
    }
    const { files, dataDirectory, cacheDirectory } = this.#options;
    const starting = startHostProcess(
      files.hostScript,
      {
        dataDirectory,
        cacheDirectory,
        enginePath: files.engineScript,
        allowedRoots: "anywhere",
        initialFolder: this.#folder,
        version: app.getVersion(),
        capabilities: nativeCapabilities,
      },
      nativeShell({
        window: () => this.#window,
        updates: (wish) => this.#updates.wish(wish),
        setBusy: (reason) => {
          this.#busyReason = reason;
        },
        setRecentFolders: (folders) => {
          this.#recentFolders = folders;
          this.#setMenu();
        },
      }),
    );
    this.#host = starting;
    const forget = (reason: string): void => {
      if (this.#host === starting) {
        this.#host = null;
      }
      this.#busyReason = null;
      if (!this.#quitting) {
        this.#log.write({ event: "host-gone", reason });
        this.#tellPage({ kind: "orthomask:host-gone", reason });
      }
    };
    starting
      .then((host) => host.exited)
      .then(forget, (error: unknown) => {
        forget(error instanceof Error ? error.message : String(error));
      });
    return starting;
  }

  /** Does what our own preload script asks; anything else is left unanswered. */
  #hear(message: PreloadMessage | null, window: BrowserWindow): void {
    switch (message?.kind) {
      case undefined:
        return;
      case "request-port":
        void this.#connectPage(window);
        return;
      case "dropped":
        // A drop on a window without a host is lost: the page says that it has none.
        void this.#host
          ?.then((host) => host.control.host.takeDropped({ paths: message.paths }))
          .catch(() => undefined);
        return;
    }
  }

  /** Answers a page's request for a port; starts another host when the last one has died. */
  async #connectPage(window: BrowserWindow): Promise<void> {
    let host: HostProcess;
    try {
      host = await this.#runningHost();
    } catch (error) {
      this.#tellPage({
        kind: "orthomask:host-gone",
        reason: error instanceof Error ? error.message : String(error),
      });
      return;
    }
    if (window.isDestroyed()) {
      return;
    }
    const { port1, port2 } = new MessageChannelMain();
    host.connectPage(port1);
    window.webContents.postMessage(HAND_OVER_CHANNEL, { kind: "orthomask:port" } satisfies HandOverMessage, [
      port2,
    ]);
  }

  #tellPage(message: HandOverMessage): void {
    if (this.#window !== null && !this.#window.isDestroyed()) {
      this.#window.webContents.postMessage(HAND_OVER_CHANNEL, message);
    }
  }

  #setMenu(): void {
    setApplicationMenu(
      {
        command: (command) => {
          this.#command(command);
        },
        openRecent: (folderPath) => {
          void this.showFolder(folderPath);
        },
      },
      this.#recentFolders,
    );
  }

  #command(command: ShellCommand): void {
    this.openWindow();
    // Without a host the page says so itself.
    void this.#host?.then((host) => host.control.host.command({ command })).catch(() => undefined);
  }
}
