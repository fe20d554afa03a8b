import { execFile } from "node:child_process";
import path from "node:path";

/** The oldest Node that host and engine run on. */
export const OLDEST_NODE_MAJOR = 20;

/**
 * A Node that can run the host, for an Electron whose own is too old: `ORTHOMASK_NODE`, else the first on the PATH
 * that is new enough. Throws, saying what was tried.
 */
export async function findNode(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const tried: string[] = [];
  for (const candidate of candidates(environment)) {
    const version = await nodeVersion(candidate);
    if (version !== null && version >= OLDEST_NODE_MAJOR) {
      return candidate;
    }
    tried.push(version === null ? `${candidate} (does not run)` : `${candidate} (Node ${version})`);
  }
  const list = tried.length === 0 ? "none found" : tried.join(", ");
  throw new Error(
    `Orthomask needs Node ${OLDEST_NODE_MAJOR} or newer beside this Electron; tried: ${list}. ` +
      "Install one, or set ORTHOMASK_NODE to its path.",
  );
}

function candidates(environment: NodeJS.ProcessEnv): string[] {
  const chosen = environment["ORTHOMASK_NODE"];
  if (chosen !== undefined && chosen !== "") {
    // Whoever names one wants that one.
    return [chosen];
  }
  const name = process.platform === "win32" ? "node.exe" : "node";
  return (environment["PATH"] ?? "")
    .split(path.delimiter)
    .filter((directory) => directory !== "")
    .map((directory) => path.join(directory, name));
}

/** The major version of a Node; null when it can't be run. */
function nodeVersion(nodePath: string): Promise<number | null> {
  return new Promise((resolve) => {
    execFile(nodePath, ["--version"], { timeout: 10_000 }, (error, stdout) => {
      const match = error === null ? /^v(\d+)\./.exec(stdout) : null;
      resolve(match?.[1] === undefined ? null : Number(match[1]));
    });
  });
}
