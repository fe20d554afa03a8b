import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { runChaos } from "./run-chaos.ts";

const root = path.resolve(import.meta.dirname, "..");
const isReady =
  process.platform === "linux" &&
  existsSync(path.join(root, "out/server/server.mjs")) &&
  existsSync(path.join(root, "node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node"));

it.skipIf(!isReady)(
  "a killed host and a damaged run lose nothing (skipped elsewhere than on Linux, without a build or TensorFlow)",
  async () => {
    const results = mkdtempSync(path.join(tmpdir(), "orthomask-chaos-results-"));
    try {
      const only = ["host-labelling", "damaged-run"].flatMap((name) => ["--only", name]);
      expect(await runChaos(["--rounds", "1", "--results", results, ...only])).toBe(0);
    } finally {
      rmSync(results, { recursive: true, force: true });
    }
  },
  180_000,
);
