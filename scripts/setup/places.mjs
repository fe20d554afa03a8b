// Where the checkout is and where what it needs is kept: one cache a user, shared by all checkouts.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const rootDirectory = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Things beside the checkout that some machines have: real data, a test runtime of Electron. */
export const sharedDirectory = path.resolve(rootDirectory, "../shared");

/** Everything in it can be deleted: it is made again. */
export function cacheDirectory() {
  const override = process.env.ORTHOMASK_CACHE;
  if (override !== undefined && override !== "") {
    return path.resolve(override);
  }
  if (process.platform === "darwin") {
    return path.join(homedir(), "Library/Caches/orthomask");
  }
  if (process.platform === "win32") {
    return path.join(process.env.LOCALAPPDATA ?? path.join(homedir(), "AppData/Local"), "orthomask/Cache");
  }
  return path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "orthomask");
}

/** The first program of these names on the PATH, or null. */
export function onPath(...programs) {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter((folder) => folder !== "");
  for (const program of programs) {
    const folder = folders.find((candidate) => existsSync(path.join(candidate, program)));
    if (folder !== undefined) {
      return path.join(folder, program);
    }
  }
  return null;
}

/** The Python that set-up uses, or null. It fetches TensorFlow's libraries and runs the tests' peers; the app needs none. */
export function findPython() {
  return process.platform === "win32" ? onPath("python.exe", "python3.exe") : onPath("python3", "python");
}

/** What the user would miss: the same folder as `userDirectories` in src-main/host, which set-up can't load before it is built. */
export function dataDirectory() {
  const override = process.env.ORTHOMASK_DATA;
  if (override !== undefined && override !== "") {
    return path.resolve(override);
  }
  if (process.platform === "darwin") {
    return path.join(homedir(), "Library/Application Support/Orthomask");
  }
  if (process.platform === "win32") {
    return path.join(process.env.APPDATA ?? path.join(homedir(), "AppData/Roaming"), "Orthomask");
  }
  return path.join(process.env.XDG_CONFIG_HOME ?? path.join(homedir(), ".config"), "Orthomask");
}
