// npm packages, installed when the lock file has changed since the last time.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rootDirectory } from "./places.mjs";
import { run, SetupError, step } from "./step.mjs";

const stampFile = path.join(rootDirectory, "node_modules/.orthomask-installed");

function wanted() {
  const hash = createHash("sha256");
  for (const file of ["package.json", "package-lock.json"]) {
    const parsed = JSON.parse(readFileSync(path.join(rootDirectory, file), "utf8"));
    // Scripts and descriptions change without changing what is installed.
    hash.update(JSON.stringify([parsed.dependencies, parsed.devDependencies, parsed.packages]));
  }
  return hash.digest("hex");
}

/** Whether what is installed is what the lock file says. */
export function dependenciesReady() {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted();
}

export async function provideDependencies() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: 20.19 or newer is needed.`,
      "Install a current Node.js from https://nodejs.org or your distribution.",
    );
  }
  if (dependenciesReady()) {
    return;
  }
  await step("npm packages", async () => {
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    await run(npm, ["ci", "--no-audit", "--no-fund"], {
      cwd: rootDirectory,
      remedy: "Check that the package registry can be reached, then run the command again.",
    });
    writeFileSync(stampFile, wanted());
  });
}
