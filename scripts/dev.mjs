// `npm run dev [-- FOLDER]`: the desktop app with the page reloaded as its sources change. Host and engine are built once, at the start.
import path from "node:path";
import { endWith, setUp } from "./setup.mjs";
import { findElectron, provideElectron } from "./setup/electron.mjs";
import { rootDirectory } from "./setup/places.mjs";
import { runVisibly, SetupError } from "./setup/step.mjs";

async function main() {
  await setUp();
  const electron = (await provideElectron()) ?? findElectron();
  if (electron === null) {
    throw new SetupError(
      "Electron's runtime could not be downloaded.",
      "Set ELECTRON_OVERRIDE_DIST_PATH to a runtime's folder, or use `npm start -- --serve`.",
    );
  }
  const folder = process.argv[2];
  const sandbox = process.getuid?.() === 0 ? ["--noSandbox"] : [];
  return runVisibly(
    process.execPath,
    [
      path.join(rootDirectory, "node_modules/electron-vite/bin/electron-vite.js"),
      ...["dev", "--config", "electron.config.ts", ...sandbox],
      ...(folder === undefined ? [] : ["--", path.resolve(process.env.INIT_CWD ?? process.cwd(), folder)]),
    ],
    // electron-vite knows this variable only, not ELECTRON_OVERRIDE_DIST_PATH.
    { cwd: rootDirectory, env: { ...process.env, ELECTRON_EXEC_PATH: electron.program } },
  );
}

main().then((code) => process.exit(code), endWith);
