import { fork } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { trainingRequestOf } from "../../../bench/harness/engine/works.ts";
import { buildForNode } from "../../../fixtures/rpc/build-for-node.ts";
import { connectContract } from "#shared/rpc/client.ts";
import { processPort } from "#shared/rpc/ports/process-port.ts";
import { engineContract } from "../port.ts";
import type { GradientRules, ModelSettings, TrainingRequest } from "../port.ts";

const unet: ModelSettings = {
  ...{ architecture: "unet", width: 16, bands: 3, classes: 5, tileHeight: 256, tileWidth: 256 },
};
const rules: GradientRules = { clipping: { kind: "none" }, l2: 0, accumulates: false, precision: "float32" };

const cases: readonly { name: string; request: TrainingRequest }[] = [
  { name: "U-Net", request: trainingRequestOf(unet, 4) },
  { name: "its encoder frozen", request: { ...trainingRequestOf(unet, 4), freezeEncoder: true } },
  {
    name: "in bfloat16",
    request: { ...trainingRequestOf(unet, 4), gradientRules: { ...rules, precision: "bfloat16" } },
  },
];

describe.skipIf(!existsSync("/proc/self/status"))(
  "memory of a step (skipped where there is no /proc)",
  () => {
    let buildFolder = "";
    let script = "";
    beforeAll(async () => {
      // Below the repository, so that the process finds TensorFlow's package.
      const cache = path.resolve(import.meta.dirname, "../../../node_modules/.cache");
      mkdirSync(cache, { recursive: true });
      buildFolder = mkdtempSync(path.join(cache, "memory-test-"));
      script = await buildForNode(path.join(import.meta.dirname, "../main.ts"), buildFolder);
    }, 60_000);
    afterAll(() => {
      rmSync(buildFolder, { recursive: true, force: true });
    });

    test.each(cases)(
      "$name: the estimate is near what a process takes",
      async ({ request }) => {
        const child = fork(script, {
          serialization: "advanced",
          execArgv: [],
          stdio: ["ignore", "ignore", "inherit", "ipc"],
        });
        try {
          const { engine } = connectContract(engineContract, processPort(child));
          const { sessionId, estimatedBytes } = await engine.createTraining(request);
          const count = request.batch * 256 * 256;
          const pixels = Uint8Array.from({ length: count * 3 }, (_, index) => (index * 37) % 251);
          const labels = Uint8Array.from({ length: count }, (_, index) => (index >> 8) % 5);
          for (const step of [1, 2]) {
            await engine.trainStep({ sessionId, pixels, labels, learningRate: 1e-4, step });
          }
          const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
          const peakBytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
          expect(estimatedBytes / peakBytes).toBeGreaterThan(0.8);
          expect(estimatedBytes / peakBytes).toBeLessThan(1.5);
        } finally {
          child.kill("SIGKILL");
        }
      },
      180_000,
    );
  },
);
