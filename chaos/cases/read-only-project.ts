import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { Case, RoundOutcome } from "../case.ts";
import { SIDE } from "../case.ts";
import { firstOf } from "../first-of.ts";
import { RunningApp } from "../running-app.ts";
import { Labelling } from "../works/labelling.ts";

/** Somebody without rights; root may write everywhere. */
const NOBODY = 65_534;

/** A project that can only be read, in an app that is killed while labels are painted: it says so, keeps what was painted elsewhere, and leaves the folder as it is. */
export const readOnlyProject: Case = async (ground, random) => {
  const isRoot = process.getuid?.() === 0;
  const data = path.join(ground.base, "own");
  mkdirSync(data);
  if (isRoot) {
    chownSync(data, NOBODY, NOBODY);
    // The folder made for this run lets its owner in only.
    chmodSync(path.dirname(ground.base), 0o755);
  }
  execFileSync("chmod", ["-R", "a-w,a+rX", ground.folder]);
  const options = { data, ...(isRoot ? { userId: NOBODY } : {}) };
  const before = stateOf(ground.folder);
  const work = new Labelling(SIDE);
  let app: RunningApp;
  try {
    app = await RunningApp.start(ground, options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return /EACCES|Cannot find module/.test(reason)
      ? { skipped: "a user without rights can't read this checkout" }
      : Promise.reject(error instanceof Error ? error : new Error(reason));
  }
  return {
    round: async (): Promise<RoundOutcome> => {
      const snapshot = await firstOf(app.client.projects.watch({ projectId: app.projectId }));
      const losses = /read-only|only be read/.test(JSON.stringify(snapshot))
        ? []
        : ["nothing tells that the folder can only be read"];
      await work.paint(app, random, 1 + random.integer(8));
      const painting = work.paint(app, random, 50).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, random.next() * 200));
      losses.push(...(await app.kill()).map((command) => `${command} outlived its host`));
      await painting;
      app = await RunningApp.start(ground, options);
      losses.push(...(await work.check(app)));
      if (stateOf(ground.folder) !== before) {
        losses.push("the folder that can only be read has changed");
      }
      return { faults: 1, losses };
    },
    close: async () => {
      await app.close();
      execFileSync("chmod", ["-R", "u+w", ground.folder]);
    },
  };
};

/** Names, sizes and content of all files. */
function stateOf(folder: string): string {
  const sum = createHash("sha256");
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted()) {
    sum.update(name);
    if (statSync(path.join(folder, name)).isFile()) {
      sum.update(readFileSync(path.join(folder, name)));
    }
  }
  return sum.digest("hex");
}
