// Electron's runtime. The npm package downloads it when first used; where that host can't be reached, tests take the
// one that ../shared/electron/provide.sh makes, and `npm start` serves the app to a browser instead.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { rootDirectory, sharedDirectory } from "./places.mjs";
import { run, step } from "./step.mjs";

const packageDirectory = path.join(rootDirectory, "node_modules/electron");

/** The runtime's program and version, or null when none is there. */
export function findElectron() {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const directory = override ?? path.join(packageDirectory, "dist");
  const program = path.join(
    directory,
    process.platform === "darwin"
      ? "Electron.app/Contents/MacOS/Electron"
      : process.platform === "win32"
        ? "electron.exe"
        : "electron",
  );
  if (!existsSync(program)) {
    return null;
  }
  const versionFile = path.join(directory, "version");
  return {
    program,
    directory,
    version: existsSync(versionFile) ? readFileSync(versionFile, "utf8").trim() : "unknown",
  };
}

/** The runtime, downloaded once where it can be; null where it can't. */
export async function provideElectron() {
  const found = findElectron();
  if (found !== null) {
    return found;
  }
  try {
    // Its own output is a stack trace where the host can't be reached, which is no failure for us.
    await step("Electron runtime", () => run(process.execPath, [path.join(packageDirectory, "install.js")]));
  } catch {
    return null;
  }
  return findElectron();
}

/** The runtime for tests: Electron's own, else the test runtime beside the checkout, else null. */
export async function provideElectronForTests() {
  const found = findElectron();
  if (found !== null) {
    return found;
  }
  const script = path.join(sharedDirectory, "electron/provide.sh");
  if (existsSync(script)) {
    const directory = await step("Electron test runtime", (progress) =>
      run("bash", [script], { onLine: (line) => progress(line.slice(0, 80)) }),
    );
    process.env.ELECTRON_OVERRIDE_DIST_PATH = directory.trim().split("\n").at(-1);
    return findElectron();
  }
  return provideElectron();
}
