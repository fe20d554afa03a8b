import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawFolder, drawMosaic } from "../../fixtures/learning/draw-folder.ts";
import { buildForNode } from "../../fixtures/rpc/build-for-node.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";
import { listArchitectures } from "../engine/catalog.ts";
import { engineLauncher } from "./engine-process.ts";
import { Exports } from "./exports/index.ts";
import { noShell } from "./ports/no-shell.ts";
import type { Project } from "./projects/project.ts";
import { createServices, type Services } from "./services.ts";
import { weightsOfRun } from "./training/first-weights.ts";
import { noAugmentation } from "#shared/training/training-settings.ts";
import { defaultSettings } from "./training/presets.ts";

const root = path.resolve(import.meta.dirname, "../..");
const binding = path.join(root, "node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node");

describe.skipIf(!existsSync(binding))("networks (skipped without TensorFlow: run `npm start` once)", () => {
  let folder: string;
  let enginePath: string;
  let services: Services;
  let project: Project;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "orthomask-networks-"));
    // Below node_modules, so that the engine finds its binding as an installed one does.
    const built = path.join(root, "node_modules/.cache", path.basename(folder));
    await mkdir(built, { recursive: true });
    enginePath = await buildForNode(path.join(root, "src-main/engine/main.ts"), built);
    await drawFolder(
      path.join(folder, "set"),
      ["a", "b"].map((name) => drawMosaic(name, 128, 128, 5)),
    );
    services = createServices({
      dataDirectory: path.join(folder, "data"),
      cacheDirectory: path.join(folder, "cache"),
      engine: engineLauncher(enginePath),
      shell: noShell({ download: false }),
      allowedRoots: "anywhere",
      initialFolder: null,
      version: "0.0.0-test",
    });
    project = await services.projects.open(path.join(folder, "set"), { remember: false });
    await project.settled();
  }, 120_000);

  afterAll(async () => {
    await services.close();
    await rm(path.dirname(enginePath), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  });

  /** A training as short as shows a loss that falls. */
  function settingsFor(architecture: string, more: Partial<TrainingSettings> = {}): TrainingSettings {
    const { width, stride } = listArchitectures().find(({ id }) => id === architecture) ?? {
      width: null,
      stride: 32,
    };
    const isHeavy = architecture.startsWith("fcn");
    return {
      ...defaultSettings,
      architecture,
      width: width === null ? null : 4,
      tilePixels: isHeavy ? 32 : Math.max(64, stride),
      batch: isHeavy ? 8 : 2,
      epochs: isHeavy ? 1 : architecture.startsWith("segnet") ? 2 : 3,
      maxSteps: isHeavy ? 2 : null,
      learningRate: isHeavy ? 1e-4 : 5e-3,
      split: { kind: "mosaic", share: 0.5 },
      augmentation: noAugmentation,
      seed: 3,
      ...more,
    };
  }

  // FCN-8 has every layer of FCN-32 and FCN-16, which take half a minute each; SegNet with upsampling is held to Keras in training-session.test.ts.
  const tried = listArchitectures()
    .map(({ id }) => id)
    .filter(
      (id) =>
        !["fcn32", "fcn16", "segnet-upsample"].includes(id) || process.env["ORTHOMASK_NETWORKS"] === "all",
    );

  it.each(tried)(
    "%s trains with a falling loss and predicts a mask",
    async (architecture) => {
      const losses: number[] = [];
      const started = await services.learning.training.start(project, settingsFor(architecture));
      const watching = new AbortController();
      const watched = (async () => {
        for await (const event of services.learning.training.watch(project.id, started.runId, watching)) {
          if (event.kind === "step" && event.phase === "training") {
            // Over the epoch so far: falls as long as each step's loss is below the mean before it.
            losses.push(event.loss);
          }
        }
      })();
      expect((await started.done).kind).toBe("succeeded");
      watching.abort();
      await watched;
      const { history, best } = await services.learning.run(project.id, started.runId);
      expect(best).not.toBeNull();
      const [first] = losses;
      expect(history.at(-1)?.loss).toBeLessThan(first ?? 0);
      const [mosaic] = project.snapshot().mosaics;
      const { jobId } = await services.learning.implementation.predictions.start(
        {
          projectId: project.id,
          runId: started.runId,
          mosaicIds: [mosaic?.id ?? ""],
          overlap: 0,
          viewed: [],
        },
        { signal: new AbortController().signal },
      );
      await ended(jobId);
      const grid = await services.learning.readPrediction(project.id, mosaic?.id ?? "", started.runId);
      const pixelWindow = { x: 0, y: 0, width: 128, height: 128 };
      const { ids } = (await grid?.readWindow({ pixelWindow })) ?? { ids: new Uint8Array() };
      const known = new Set(project.snapshot().classes.map(({ id }) => id));
      expect(ids).toHaveLength(128 * 128);
      expect([...new Set(ids)].filter((id) => !known.has(id))).toEqual([]);
      // Half a gigabyte of weights and slots a run.
      await services.learning.runs.remove(project.id, started.runId);
    },
    180_000,
  );

  it("a training begins with another's weights, says so, and keeps a frozen encoder", async () => {
    const first = await services.learning.training.start(project, settingsFor("unet"));
    await first.done;
    const weights = await weightsOfRun(await services.learning.runs.get(project.id, first.runId));
    await expect(
      services.learning.training.start(project, settingsFor("unet", { freezeEncoder: true })),
    ).rejects.toThrow("A frozen encoder needs weights to begin with");
    await expect(
      services.learning.training.start(project, settingsFor("segnet"), { weights }),
    ).rejects.toThrow("has no layer that SegNet could begin with");
    const second = await services.learning.training.start(
      project,
      settingsFor("unet", { freezeEncoder: true, upsampling: "bilinear" }),
      { weights },
    );
    expect((await second.done).kind).toBe("succeeded");
    const run = await services.learning.run(project.id, second.runId);
    expect(run.trainableParameters).toBeLessThan(run.parameters / 2 + run.parameters / 3);
    expect(run.startedFrom).toMatchObject({ source: weights.name });
    expect(run.startedFrom?.loaded).toContain("conv2d");
    expect(run.startedFrom?.unused).toContain("conv2d_transpose");
    // The drawn mosaics lie nowhere on the ground.
    expect(run.pixelMeters).toBeUndefined();
  }, 120_000);

  it("a network is exported as a job", async () => {
    const started = await services.learning.training.start(project, settingsFor("unet"));
    await started.done;
    const exports = new Exports({
      projects: services.projects,
      jobs: services.jobs,
      predictions: services.learning,
      shell: noShell({ download: true }),
      version: "0.0.0-test",
    });
    const request = { projectId: project.id, runId: started.runId };
    const names = { savedmodel: "saved_model.pb", keras: ".weights.h5", onnx: ".onnx" };
    for (const format of ["savedmodel", "keras", "onnx"] as const) {
      const { jobId } = await exports.startModel(services.learning, { ...request, format, folderPath: null });
      const state = await ended(jobId);
      if (state.kind !== "succeeded" || state.result.kind !== "export") {
        throw new Error(JSON.stringify(state));
      }
      const { fileNames, displayPath, downloads } = state.result;
      expect(fileNames[0]).toMatch(new RegExp(`${names[format].replaceAll(".", "\\.")}$`));
      expect(downloads).toHaveLength(fileNames.length);
      expect((await readFile(path.join(displayPath, fileNames[0] ?? ""))).length).toBeGreaterThan(10_000);
      // In a folder of the user's own, nothing is replaced.
      await expect(
        exports.startModel(services.learning, { ...request, format, folderPath: displayPath }),
      ).rejects.toThrow("is there already");
    }
  }, 120_000);

  async function ended(jobId: string): Promise<ReturnType<Services["jobs"]["get"]>["state"]> {
    for (;;) {
      const { state } = services.jobs.get(jobId);
      if (state.kind !== "queued" && state.kind !== "running") {
        return state;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});
