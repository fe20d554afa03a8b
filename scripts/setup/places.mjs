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

/** The Python that set-up uses, or null. It fetches TensorFlow's libraries and runs the tests' peers; the app needs none. */
export function findPython() {
  const names = process.platform === "win32" ? ["python.exe", "python3.exe"] : ["python3", "python"];
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  for (const name of names) {
    for (const folder of folders) {
      if (folder !== "" && existsSync(path.join(folder, name))) {
        return path.join(folder, name);
      }
    }
  }
  return null;
}
