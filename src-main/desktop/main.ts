// Electron's main process: one instance, its folders, and the life of the app around the window.
import path from "node:path";
import { app } from "electron";
import { userDirectories } from "../host/user-directories.ts";
import { appFiles } from "./app-files.ts";
import { DesktopApp } from "./desktop-app.ts";
import { folderArgument, openedFolder } from "./folder-argument.ts";
import { declarePageScheme, servePage } from "./page-protocol.ts";

const { dataDirectory, cacheDirectory } = userDirectories();
app.setName("Orthomask");
// Before the lock, which is one per data folder: tests run beside the user's own window.
app.setPath("userData", dataDirectory);
// Chromium's own files, among them what the page remembers (sizes of panels).
app.setPath("sessionData", path.join(dataDirectory, "browser"));

if (app.requestSingleInstanceLock()) {
  run();
} else {
  app.quit();
}

function run(): void {
  const files = appFiles(__dirname);
  const development = app.isPackaged ? undefined : process.env["ELECTRON_RENDERER_URL"];
  const folderOf = (argv: readonly string[], workingDirectory: string): string | null =>
    folderArgument(argv, { appPath: app.getAppPath(), packaged: app.isPackaged, workingDirectory });
  const desktop = new DesktopApp({
    files,
    dataDirectory,
    cacheDirectory,
    initialFolder: folderOf(process.argv, process.cwd()),
    pageUrl: development ?? null,
  });
  let closed = false;

  // macOS tells what was opened in the file manager this way, also at the start.
  app.on("open-file", (event, openedPath) => {
    event.preventDefault();
    void app.whenReady().then(() => desktop.showFolder(openedFolder(openedPath)));
  });
  declarePageScheme();
  app.on("second-instance", (_event, argv, workingDirectory) => {
    const folder = folderOf(argv, workingDirectory);
    if (folder === null) {
      desktop.openWindow();
    } else {
      void desktop.showFolder(folder);
    }
  });
  app.on("window-all-closed", () => {
    app.quit();
  });
  // Not `before-quit`: the window may still ask whether to stay.
  app.on("will-quit", (event) => {
    if (!closed) {
      event.preventDefault();
      void desktop.close().finally(() => {
        closed = true;
        // Within this event it would be ignored, which is where we still are when there was nothing to close.
        setImmediate(() => {
          app.quit();
        });
      });
    }
  });
  void app.whenReady().then(() => {
    servePage(files.pageDirectory);
    desktop.start();
  });
}
