import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rootDirectory } from "./setup/places.mjs";

const run = promisify(execFile);
let tree;

beforeAll(async () => {
  tree = await mkdtemp(path.join(tmpdir(), "orthomask-layers-"));
  await writeFile(path.join(tree, "tsconfig.tools.json"), "{}");
});
afterAll(() => rm(tree, { recursive: true, force: true }));

/** Checks a tree of one file that imports another; answers the rules it breaks. */
async function broken(from, to) {
  for (const [file, text] of [
    [to, "export const it = 1;\n"],
    [from, `export { it } from "${path.relative(path.dirname(from), to).replace(/^(?!\.)/, "./")}";\n`],
  ]) {
    await mkdir(path.dirname(path.join(tree, file)), { recursive: true });
    await writeFile(path.join(tree, file), text);
  }
  const { stdout } = await run(
    process.execPath,
    [
      path.join(rootDirectory, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs"),
      ...["--config", path.join(rootDirectory, ".dependency-cruiser.cjs"), "--output-type", "json", from],
    ],
    { cwd: tree, maxBuffer: 64 << 20 },
  ).catch((error) => error);
  return JSON.parse(stdout).summary.violations.map((violation) => violation.rule.name);
}

test.each([
  ["src-shared/geo/a.ts", "src-main/host/b.ts", "shared-stands-alone"],
  ["src-main/raster/a.ts", "src-main/host/b.ts", "raster-imports-shared"],
  ["src-main/engine/a.ts", "src-main/raster/index.ts", "engine-imports-shared"],
  ["src-main/host/a.ts", "src-main/engine/session.ts", "host-imports"],
  ["src-main/server/a.ts", "src-main/desktop/b.ts", "server-imports"],
  ["src-renderer/ui/a.ts", "src-shared/contract.ts", "ui-stands-alone"],
  ["src-renderer/state/a.ts", "src-renderer/panels/b.ts", "state-imports"],
  ["src-renderer/map/a.ts", "src-main/host/b.ts", "views-import"],
  ["src-main/host/projects/a.ts", "src-main/host/jobs/inner.ts", "services-through-their-index"],
])("%s may not import %s", async (from, to, rule) => {
  expect(await broken(from, to)).toContain(rule);
});

test.each([
  ["src-main/host/projects/c.ts", "src-main/host/jobs/index.ts"],
  ["src-main/host/training/c.ts", "src-main/engine/port.ts"],
  ["src-renderer/panels/c.ts", "src-shared/contract.ts"],
])("%s may import %s", async (from, to) => {
  expect(await broken(from, to)).toEqual([]);
});
