import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SIDE } from "./case.ts";
import { readResult } from "./kept-results.ts";
import { runChaos } from "./run-chaos.ts";
import { runSoak } from "./soak/run-soak.ts";
import { makeTemplate } from "./template.ts";
import type { Template } from "./template.ts";

const root = path.resolve(import.meta.dirname, "..");
const isReady =
  process.platform === "linux" &&
  existsSync(path.join(root, "out/server/server.mjs")) &&
  existsSync(path.join(root, "node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node"));

describe.skipIf(!isReady)(
  "the built app (skipped elsewhere than on Linux, without a build or TensorFlow)",
  () => {
    let base: string;
    let template: Template;
    beforeAll(async () => {
      base = mkdtempSync(path.join(tmpdir(), "orthomask-chaos-test-"));
      template = await makeTemplate(base, path.join(base, "template"), { side: SIDE });
    }, 180_000);
    afterAll(() => {
      rmSync(base, { recursive: true, force: true });
    });

    it("loses nothing when its host is killed or a run is damaged, and rounds of another run are added", async () => {
      const words = ["--rounds", "1", "--results", base, "--only"];
      expect(await runChaos([...words, "host-labelling"], { template })).toBe(0);
      expect(await runChaos([...words, "damaged-run"], { template })).toBe(0);
      expect(await runChaos([...words, "damaged-run"], { template })).toBe(0);
      expect(readResult(base, "damaged-run").parts.map(({ seed, faults }) => [seed, faults])).toEqual([
        [1, 1],
        [2, 1],
      ]);
      expect(readFileSync(path.join(base, "chaos.md"), "utf8")).toContain("| damaged-run | 2 | 2 | 0 |");
    }, 180_000);

    it("labels, trains, predicts and exports in a loop that is measured", async () => {
      const words = ["--minutes", "0.001", "--no-page", "--results", base];
      expect(await runSoak(words, new AbortController().signal, { template })).toBe(0);
      const report = readFileSync(path.join(base, "soak.md"), "utf8");
      expect(report).toMatch(/1 rounds of .* done\./);
      expect(report).toMatch(/\| host handles \| undecided \| 1 \| [1-9]\d \|/);
    }, 180_000);
  },
);
