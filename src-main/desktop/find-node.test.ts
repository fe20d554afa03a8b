import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitSentence } from "./exit-sentence.ts";
import { findNode } from "./find-node.ts";

let directory: string;

/** A program that answers `--version` as that Node would. */
async function fakeNode(version: string): Promise<string> {
  const folder = path.join(directory, version);
  await mkdir(folder);
  await writeFile(path.join(folder, "node"), `#!/bin/sh\necho ${version}\n`);
  await chmod(path.join(folder, "node"), 0o755);
  return folder;
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "orthomask-node-"));
});
afterAll(() => rm(directory, { recursive: true }));

// The stand-ins are shell scripts.
describe.skipIf(process.platform === "win32")("a Node for the host", () => {
  test("is the first on the PATH that is new enough", async () => {
    const [old, recent, newer] = [
      await fakeNode("v16.17.1"),
      await fakeNode("v20.19.0"),
      await fakeNode("v24.1.0"),
    ];
    const missing = path.join(directory, "missing");
    expect(await findNode({ PATH: [missing, old, recent, newer].join(":") })).toBe(path.join(recent, "node"));
    await expect(findNode({ PATH: [missing, old].join(":") })).rejects.toThrow(
      /needs Node 20.*v?16.*ORTHOMASK_NODE/s,
    );
    await expect(findNode({ PATH: recent, ORTHOMASK_NODE: path.join(old, "node") })).rejects.toThrow(
      "(Node 16)",
    );
    expect(await findNode({ PATH: old, ORTHOMASK_NODE: path.join(newer, "node") })).toBe(
      path.join(newer, "node"),
    );
  });

  test("is this one", async () => {
    expect(await findNode({ ORTHOMASK_NODE: process.execPath })).toBe(process.execPath);
  });
});

test("a host's end is told with the error it wrote", () => {
  const stderr = [
    "(node:12) Warning: something old",
    "node:internal/modules/esm/resolve:283",
    "    throw new ERR_MODULE_NOT_FOUND(",
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'zod' imported from /app/host.mjs",
    "    at packageResolve (node:internal/modules/esm/resolve:901:9)",
    "Node.js v20.20.2",
  ].join("\n");
  expect(exitSentence({ code: 1, signal: null }, stderr)).toBe(
    "Orthomask's host process ended with code 1. Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'zod' imported from /app/host.mjs",
  );
  expect(exitSentence({ code: null, signal: "SIGKILL" }, "")).toBe(
    "Orthomask's host process ended by SIGKILL.",
  );
});
