import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rootDirectory } from "./setup/places.mjs";

const run = promisify(execFile);

/** A file, what it imports (a file of ours or a module by its name), and the rule that forbids it. */
const forbidden = [
  ["src-shared/geo/a.ts", "src-main/host/b.ts", "shared-stands-alone"],
  ["src-main/raster/a.ts", "src-main/host/b.ts", "raster-imports-shared"],
  ["src-main/engine/a.ts", "src-main/raster/index.ts", "engine-imports-shared"],
  ["src-main/host/a.ts", "src-main/engine/session.ts", "host-imports"],
  ["src-main/host/tiles/a.ts", "src-main/raster/blocks/b.ts", "raster-through-its-index"],
  ["src-main/host/projects/a.ts", "src-main/host/jobs/inner.ts", "services-through-their-index"],
  ["src-main/desktop/a.ts", "src-main/server/b.ts", "desktop-imports"],
  ["src-main/server/a.ts", "src-main/desktop/b.ts", "server-imports"],
  ["src-main/cli/a.ts", "src-main/server/b.ts", "cli-imports"],
  ["src-renderer/ui/a.ts", "src-shared/contract.ts", "ui-stands-alone"],
  ["src-renderer/state/a.ts", "src-renderer/panels/b.ts", "state-imports"],
  ["src-renderer/map/a.ts", "src-main/host/b.ts", "views-import"],
  ["e2e/a.ts", "src-main/host/b.ts", "e2e-sees-what-a-user-sees"],
  ["src-main/host/c.ts", "electron", "electron-only-in-the-desktop-shell"],
  ["src-renderer/state/c.ts", "electron", "electron-only-in-the-desktop-shell"],
  ["src-main/host/d.ts", "@tensorflow/tfjs-node-gpu", "tensorflow-only-in-the-engine"],
  ["src-shared/geo/d.ts", "@tensorflow/tfjs", "tensorflow-only-in-the-engine"],
  ["src-renderer/panels/c.ts", "node:fs", "page-has-no-node"],
];

/** The same for imports that no rule of layers forbids. */
const allowed = [
  ["src-main/host/projects/e.ts", "src-main/host/jobs/index.ts"],
  ["src-main/host/training/e.ts", "src-main/engine/port.ts"],
  ["src-main/host/tiles/e.ts", "src-main/raster/index.ts"],
  ["src-main/desktop/e.ts", "electron"],
  ["src-main/engine/e.ts", "@tensorflow/tfjs-node-gpu"],
  ["src-renderer/panels/e.ts", "src-shared/contract.ts"],
];

let tree;
/** The rules that each file breaks. */
const broken = new Map();

async function write(file, text) {
  await mkdir(path.dirname(path.join(tree, file)), { recursive: true });
  await writeFile(path.join(tree, file), text);
}

// One tree and one run for all of them: starting the checker takes longer than anything that it does here.
beforeAll(async () => {
  tree = await mkdtemp(path.join(tmpdir(), "orthomask-layers-"));
  await write("tsconfig.tools.json", "{}");
  for (const [from, to] of [...forbidden, ...allowed]) {
    const ours = /^(src-|e2e)/.test(to);
    const name = ours ? path.relative(path.dirname(from), to).replace(/^(?!\.)/, "./") : to;
    if (ours) {
      await write(to, "export const it = 1;\n");
    }
    await write(from, `export { it } from "${name}";\n`);
  }
  await write(
    "src-main/host/tiles/one.ts",
    'import { two } from "./two.ts";\nexport const one = () => two;\n',
  );
  await write(
    "src-main/host/tiles/two.ts",
    'import { one } from "./one.ts";\nexport const two = () => one;\n',
  );
  const { stdout } = await run(
    process.execPath,
    [
      path.join(rootDirectory, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs"),
      ...["--config", path.join(rootDirectory, ".dependency-cruiser.cjs"), "--output-type", "json"],
      ...["src-shared", "src-main", "src-renderer", "e2e"],
    ],
    { cwd: tree, maxBuffer: 64 << 20 },
  ).catch((error) => error);
  for (const { from, rule } of JSON.parse(stdout).summary.violations) {
    broken.set(from, [...(broken.get(from) ?? []), rule.name]);
  }
});
afterAll(() => rm(tree, { recursive: true, force: true }));

test.each(forbidden)("%s may not import %s", (from, _to, rule) => {
  expect(broken.get(from)).toContain(rule);
});

test.each(allowed)("%s may import %s", (from) => {
  // The tree has no node_modules, so a package's name resolves to nothing there.
  expect((broken.get(from) ?? []).filter((rule) => rule !== "resolvable")).toEqual([]);
});

test("two files may not import each other", () => {
  expect(broken.get("src-main/host/tiles/one.ts")).toContain("no-cycles");
});
