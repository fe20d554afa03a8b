import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { drawFolder, drawMosaic } from "../../fixtures/learning/draw-folder.ts";
import { commandWords } from "../../fixtures/command-words.ts";
import { runCli } from "../../fixtures/run-cli.ts";
import { buildForNode } from "../../fixtures/rpc/build-for-node.ts";
import type { JobState } from "#shared/jobs/job.ts";
import { evaluationReportSchema } from "#shared/metrics/evaluation-report.ts";
import { isExhausted } from "#shared/training/learning-rate.ts";
import { queuedRuns } from "#shared/training/run-queue.ts";
import { runEventSchema, runSchema, type RunEvent } from "#shared/training/run.ts";
import { optimizerDefaults, type TrainingSettings } from "#shared/training/training-settings.ts";
import { registerExportCommand } from "../cli/export.ts";
import { registerPredictCommand } from "../cli/predict.ts";
import { exportModelOfRun } from "./exports/index.ts";
import { exportModelCommand, predictCommand } from "#shared/command-line/command-lines.ts";
import { engineLauncher } from "./engine-process.ts";
import { noShell } from "./ports/no-shell.ts";
import type { Project } from "./projects/project.ts";
import { createServices, type Services } from "./services.ts";
import { defaultSettings } from "./training/presets.ts";

const root = path.resolve(import.meta.dirname, "../..");
const binding = path.join(root, "node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node");

// Seconds each on a machine of its own, more beside other tests on two cores.
vi.setConfig({ testTimeout: 90_000 });

/** Learns the drawn classes within seconds. */
const settings: TrainingSettings = {
  ...defaultSettings,
  width: 4,
  tilePixels: 64,
  batch: 4,
  epochs: 4,
  learningRate: 0.01,
  split: { kind: "mosaic", share: 0.25 },
  seed: 3,
};

describe.skipIf(!existsSync(binding))("learning (skipped without TensorFlow: run `npm start` once)", () => {
  let folder: string;
  let enginePath: string;
  let services: Services;
  let project: Project;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "orthomask-learning-"));
    // Below node_modules, so that the engine finds its binding as an installed one does.
    const built = path.join(root, "node_modules/.cache", path.basename(folder));
    await mkdir(built, { recursive: true });
    enginePath = await buildForNode(path.join(root, "src-main/engine/main.ts"), built);
    await drawFolder(
      path.join(folder, "set"),
      ["a", "b", "c", "d"].map((name) => drawMosaic(name, 192, 192, 5)),
    );
    await start();
  }, 120_000);

  afterAll(async () => {
    await services.close();
    await rm(path.dirname(enginePath), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  });

  afterEach(() => {
    services.jobs
      .list()
      .filter(({ state }) => state.kind !== "running" && state.kind !== "queued")
      .forEach(({ id }) => {
        services.jobs.dismiss(id);
      });
  });

  async function start(): Promise<void> {
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
  }

  /** Trains to the end, hearing all that a page would. */
  async function train(
    changes: Partial<TrainingSettings> = {},
  ): Promise<{ runId: string; directory: string; state: JobState; events: RunEvent[] }> {
    const { training } = services.learning;
    const { runId, directory, done } = await training.start(project, { ...settings, ...changes });
    const watching = new AbortController();
    const events: RunEvent[] = [];
    const watched = (async () => {
      for await (const event of training.watch(project.id, runId, watching)) {
        events.push(event);
      }
    })();
    const state = await done;
    watching.abort();
    await watched;
    return { runId, directory, state, events };
  }

  it("says beforehand what a training will be, and how long an epoch takes", async () => {
    const { training } = services.learning;
    const plan = await training.plan(project, settings);
    expect(plan).toMatchObject({ trainingTiles: 27, validationTiles: 9, stepsPerEpoch: 7 });
    expect(plan.trainingMosaics.length + plan.validationMosaics.length).toBe(4);
    const long = await training.plan(project, { ...settings, epochs: 5 });
    expect(long.warnings.join()).not.toContain("averages");
    const short = await training.plan(project, { ...settings, epochs: 2, maxSteps: null });
    expect(short.warnings.join()).toContain("averages that need some 29 steps, and this training has 14");
    const shares = plan.classShares ?? [];
    expect(shares.reduce((sum, share) => sum + share.training, 0)).toBeCloseTo(1, 9);
    const measure = await training.measure(project, settings, { signal: new AbortController().signal });
    expect(measure.secondsPerEpoch * 1000).toBeGreaterThan(measure.stepMilliseconds * 7);
    await expect(training.plan(project, { ...settings, loss: "nonsense" })).rejects.toMatchObject({
      code: "invalid-input",
    });
    const suggested = await training.suggest(project);
    expect((await training.plan(project, suggested)).trainingTiles).toBeGreaterThan(0);
  });

  it("trains until it clearly beats the majority class, and writes all of it down", async () => {
    const { runId, directory, state, events } = await train({ epochs: 8 });
    expect(state).toMatchObject({ kind: "succeeded", result: { kind: "training", runId } });
    const run = runSchema.parse(JSON.parse(await readFile(path.join(directory, "run.json"), "utf8")));
    expect(run).toMatchObject({
      state: { kind: "finished", reason: "all-epochs" },
      parameters: expect.any(Number) as number,
    });
    expect(run.history).toHaveLength(8);
    const report = await services.learning.evaluation.report(project, runId, { kind: "validation" });
    expect(evaluationReportSchema.parse(report)).toEqual(report);
    const truthPixels = report.perClass.map((item) => item.truthPixels);
    const whole = truthPixels.reduce((sum, pixels) => sum + pixels, 0);
    // One mosaic less its unlabelled first row and its ignored clouds, each pixel once.
    expect(whole).toBe(await countedPixels(run.validationMosaicIds));
    const majorityMeanIou = Math.max(...truthPixels) / whole / 3;
    expect(report.meanIou).toBeGreaterThan(2 * majorityMeanIou);
    expect(run.best?.meanIou).toBe(report.meanIou);
    expect((await readFile(path.join(directory, "log.jsonl"), "utf8")).trim().split("\n")).toHaveLength(8);

    for (const event of events) {
      runEventSchema.parse(event);
    }
    expect(events[0]?.kind).toBe("run");
    expect(events.filter(({ kind }) => kind === "epoch")).toHaveLength(8);
    const previews = events.filter((event) => event.kind === "previews").at(-1);
    expect(previews?.tiles).toHaveLength(4);
    const [tile] = previews?.tiles ?? [];
    expect(tile?.image).toHaveLength(64 * 64 * 3);
    expect(new Set(tile?.truth)).not.toContain(9);
    expect(Math.max(...run.history.slice(1).map(({ waitShare }) => waitShare))).toBeLessThan(0.5);
  });

  it("gives the same run for the same seed, also when it was stopped and taken up again", async () => {
    const whole = await train({ epochs: 3 });
    const first = await train({ epochs: 1 });
    const { training } = services.learning;
    // Two pages press the button at once.
    const together = await Promise.allSettled(
      [1, 2].map(() => training.resume(project, first.runId, { epochs: 3 })),
    );
    expect(together.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []))).toEqual([
      expect.objectContaining({ code: "conflict" }),
    ]);
    const [resumed] = together.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    if (resumed === undefined) {
      throw new Error("Neither went on.");
    }
    expect(
      services.jobs
        .list()
        .filter(({ runId, state }) => runId === first.runId && ["queued", "running"].includes(state.kind)),
    ).toHaveLength(1);
    expect((await resumed.done).kind).toBe("succeeded");
    const history = async (runId: string): Promise<unknown> =>
      (await services.learning.run(project.id, runId)).history.map(({ loss, valLoss, valClassIou }) => ({
        loss: loss.toPrecision(4),
        valLoss: valLoss.toPrecision(4),
        valClassIou: valClassIou.map((iou) => iou?.toFixed(3)),
      }));
    expect(await history(first.runId)).toEqual(await history(whole.runId));
    await expect(services.learning.training.resume(project, first.runId)).rejects.toMatchObject({
      code: "conflict",
    });
  });

  it("goes on with the tiles that it began with, and says from when on their labels were others", async () => {
    const { runId, directory } = await train({ epochs: 1 });
    const groundPath = path.join(directory, "ground.json");
    const [ground, before] = [
      await readFile(groundPath, "utf8"),
      await services.learning.run(project.id, runId),
    ];
    const [mosaicId = ""] = before.trainingMosaicIds;
    const ring: [number, number][] = [
      [0, 64],
      [64, 64],
      [64, 128],
      [0, 128],
    ];
    // A whole tile has no labels any more: its settings would leave it out now.
    await project.labels.edit(
      mosaicId,
      {
        name: "unlabelled",
        parts: [{ paintId: 255, shape: { kind: "polygon", rings: [ring] } }],
        rules: { lockedIds: [], onlyUnlabelled: false },
      },
      null,
    );
    const plan = await services.learning.training.plan(project, { ...settings, epochs: 2 });
    expect(plan.trainingTiles).toBe((before.data?.training.tiles ?? 0) - 1);
    const resumed = await services.learning.training.resume(project, runId, { epochs: 2 });
    expect((await resumed.done).kind).toBe("succeeded");
    expect(await readFile(groundPath, "utf8")).toBe(ground);
    const run = await services.learning.run(project.id, runId);
    expect(run.data).toEqual(before.data);
    expect(run.relabelled).toMatchObject([
      {
        fromEpoch: 2,
        data: {
          training: { tiles: before.data?.training.tiles, ground: before.data?.training.ground },
          validation: before.data?.validation,
        },
      },
    ]);
    expect(run.relabelled?.[0]?.data.training.labels).not.toBe(before.data?.training.labels);
    expect(project.snapshot().problems.find(({ id }) => id === `kept-tiles-${runId}`)?.message).toContain(
      "goes on with the tiles it began with",
    );
    await project.labels.undo();
    project.clearProblem(`kept-tiles-${runId}`);
  });

  it("stops at a step limit, and when it is told to, keeping what was learned", async () => {
    const limited = await train({ epochs: 50, maxSteps: 9 });
    const run = await services.learning.run(project.id, limited.runId);
    expect(run.state).toEqual({ kind: "finished", reason: "step-limit" });
    expect(run.history).toHaveLength(2);
    const { training } = services.learning;
    const raised = await training.resume(project, limited.runId, { maxSteps: 11 });
    const signal = AbortSignal.timeout(30_000);
    for await (const event of training.watch(project.id, limited.runId, { signal })) {
      if (event.kind === "run" && event.run.state.kind === "finished" && event.run.history.length === 3) {
        break;
      }
    }
    // At once when it is told to be finished, a moment before its job ends.
    const again = await training.resume(project, limited.runId, { maxSteps: 12 });
    expect((await raised.done).kind).toBe("succeeded");
    expect((await again.done).kind).toBe("succeeded");
    const { history } = await services.learning.run(project.id, limited.runId);
    // The second epoch ended early and counts; only the steps that were done do.
    const [first, second] = run.history;
    expect(history.map(({ steps }) => steps)).toEqual([first?.steps, second?.steps, 2, 1]);
    expect(history.reduce((sum, { steps = NaN }) => sum + steps, 0)).toBe(12);

    const { runId, directory, done } = await training.start(project, { ...settings, epochs: 1000 });
    for await (const event of training.watch(project.id, runId, { signal: AbortSignal.timeout(30_000) })) {
      if (event.kind === "step" && event.step >= 2) {
        break;
      }
    }
    training.stop(runId);
    expect((await done).kind).toBe("succeeded");
    const stopped = await services.learning.run(project.id, runId);
    expect(stopped.state).toEqual({ kind: "finished", reason: "stopped" });
    // Even in its first epoch.
    expect(stopped.best?.epoch).toBe(1);
    expect(existsSync(path.join(directory, "best.weights"))).toBe(true);
  });

  it("waits while it is paused", async () => {
    const { training } = services.learning;
    const { runId, jobId, done } = await training.start(project, { ...settings, epochs: 200 });
    let steps = 0;
    const watching = new AbortController();
    const watched = (async () => {
      for await (const event of training.watch(project.id, runId, watching)) {
        if (event.kind === "step" && event.phase === "training") {
          steps++;
        }
        if (steps === 1) {
          services.jobs.pause(jobId);
        }
        if (event.kind === "step" && event.phase === "paused") {
          break;
        }
      }
    })();
    await watched;
    expect(services.jobs.get(jobId).state).toMatchObject({ kind: "running", paused: true });
    training.stop(runId);
    expect((await done).kind).toBe("succeeded");
    watching.abort();
  });

  it("ends with a sentence when the loss is no number any more", async () => {
    // Larger than the page allows, since batch normalization survives a lot.
    const { runId, state } = await train({ learningRate: 1e30, optimizer: optimizerDefaults.sgd });
    expect(state).toMatchObject({ kind: "failed", error: { code: "invalid-input" } });
    const run = await services.learning.run(project.id, runId);
    expect(run.state).toMatchObject({
      kind: "failed",
      message: expect.stringMatching(
        /^The loss became (NaN|infinite) in epoch \d+, step \d+, at a learning rate of 1e\+30/,
      ) as string,
    });
    expect((await train({ epochs: 1 })).state.kind).toBe("succeeded");
  });

  it("fails with a sentence when the engine is killed, and the next job works", async () => {
    const { training, engine } = services.learning;
    const { runId, done } = await training.start(project, { ...settings, epochs: 1000 });
    await firstEpoch(project.id, runId);
    process.kill((await engine.processId()) ?? -1, "SIGKILL");
    const state = await done;
    expect(state).toMatchObject({
      kind: "failed",
      error: { message: expect.stringContaining("SIGKILL") as string },
    });
    const run = await services.learning.run(project.id, runId);
    expect(run.state).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("training can go on after epoch") as string,
    });
    const { done: resumedDone } = await training.resume(project, runId, { epochs: run.history.length + 1 });
    expect((await resumedDone).kind).toBe("succeeded");
    expect((await services.learning.run(project.id, runId)).history).toHaveLength(run.history.length + 1);
  });

  it("refuses a step that needs more memory than there is, saying which batch fits", async () => {
    const huge: TrainingSettings = { ...settings, width: 128, inputPixels: 1024, batch: 512 };
    const plan = await services.learning.training.plan(project, huge);
    await expect(services.learning.training.start(project, huge)).rejects.toMatchObject({
      code: "out-of-memory",
      message: expect.stringMatching(
        /^A step with a batch of 512 needs about [\d.]+ GB, but this machine has [\d.]+ GB: /,
      ) as string,
    });
    expect(plan.memory?.largestBatch ?? 0).toBeLessThan(512);
    expect(plan.estimatedBytes).toBeGreaterThan(plan.memory?.limitBytes ?? Infinity);
    const middling: TrainingSettings = { ...settings, width: 16, inputPixels: 512, batch: 512 };
    const offered = (await services.learning.training.plan(project, middling)).memory;
    const fits = { ...middling, batch: offered?.largestBatch ?? 0 };
    expect((await services.learning.training.plan(project, fits)).estimatedBytes).toBe(
      offered?.largestBatchBytes,
    );
    expect(offered?.largestBatchBytes).toBeLessThanOrEqual(offered?.limitBytes ?? 0);
  });

  it.skipIf(process.platform !== "linux")(
    "offers a smaller batch when the engine has no memory left",
    // Where the limit hits is chance; a native library that doesn't look at what it was given dies without a word.
    { retry: 2, timeout: 60_000 },
    async () => {
      // The engine alone is limited: the host finds enough before the start.
      const limited = path.join(folder, "limited-node");
      await writeFile(limited, `#!/bin/sh\nulimit -v 5000000\nexec "${process.execPath}" "$@"\n`);
      await chmod(limited, 0o755);
      const other = createServices({
        dataDirectory: path.join(folder, "limited-data"),
        cacheDirectory: path.join(folder, "cache"),
        engine: engineLauncher(enginePath, { nodePath: limited }),
        shell: noShell({ download: false }),
        allowedRoots: "anywhere",
        initialFolder: null,
        version: "0.0.0-test",
      });
      try {
        const own = await other.projects.open(path.join(folder, "set"), { remember: false });
        const { runId, done } = await other.learning.training.start(own, {
          ...settings,
          width: 32,
          inputPixels: 512,
          batch: 4,
        });
        const ended = await done;
        expect(ended, JSON.stringify(ended)).toMatchObject({
          kind: "failed",
          error: { code: "out-of-memory" },
        });
        const { state } = await other.learning.run(own.id, runId);
        expect(state).toMatchObject({ kind: "failed", smallerBatch: 2 });
        expect(state).toMatchObject({
          message: expect.stringMatching(
            /The batch was 4 \(about [\d.]+ GB\): train with a batch of 2, which needs about/,
          ) as string,
        });
      } finally {
        await other.close();
      }
    },
  );

  it("pads tiles that the network's stride doesn't divide, says so, and predicts the same way", async () => {
    const odd = { ...settings, tilePixels: 60, epochs: 2 };
    const plan = await services.learning.training.plan(project, odd);
    expect(plan.warnings).toContainEqual(
      "The network needs sides that are a multiple of 16: tiles of 60 px are filled up to 64 with their mirror image, which counts for nothing.",
    );
    const { runId, state, events } = await train(odd);
    expect(state.kind).toBe("succeeded");
    const previews = events.find((event) => event.kind === "previews");
    expect(previews?.kind === "previews" && previews.tiles[0]).toMatchObject({ width: 60, height: 60 });
    const mosaicId = project.snapshot().mosaics[0]?.id ?? "";
    const { jobId } = await services.learning.predictions.start(project, {
      runId,
      mosaicIds: [mosaicId],
      overlap: 0.25,
      viewed: [],
    });
    await untilFinished(jobId);
    const report = await services.learning.evaluation.report(project, runId, {
      kind: "mosaics",
      mosaicIds: [mosaicId],
    });
    expect(report.unpredictedPixels).toBe(0);
    const { best } = await services.learning.run(project.id, runId);
    // The mirrored rim, labelled or not, is in no number: each validation pixel is counted once.
    expect(best?.confusion.flat().reduce((sum, pixels) => sum + pixels, 0)).toBe(
      await countedPixels((await services.learning.run(project.id, runId)).validationMosaicIds),
    );
  });

  it("predicts, and exports a network, by the line that was copied as in the window", async () => {
    const { runId, directory } = await train({ epochs: 1, maxSteps: 2 });
    const { id: mosaicId = "", name = "" } = project.snapshot().mosaics[0] ?? {};
    const predicted = async () => {
      const grid = await services.learning.readPrediction(project.id, mosaicId, runId);
      return grid?.readWindow({ pixelWindow: { x: 0, y: 0, width: 192, height: 192 } });
    };
    const chosen = { ...{ runId, mosaicIds: [mosaicId], overlap: 0.25 }, viewed: [] };
    const { jobId } = await services.learning.predictions.start(project, chosen);
    await untilFinished(jobId);
    const shown = await predicted();
    const out = (kind: string): string => path.join(folder, `${kind}.onnx`);
    const [stored, version] = [await services.learning.runs.get(project.id, runId), "0.1.0"];
    await exportModelOfRun(services.learning.engine, stored, {
      ...{ format: "onnx", path: out("window"), version },
    });
    await services.close();
    await rm(path.join(directory, "predictions"), { recursive: true });
    const place = { folder: project.folderPath, mosaicNames: [name] };
    for (const line of [
      predictCommand(runId, place, { overlap: 0.25 }),
      exportModelCommand(runId, "onnx", out("line")),
    ]) {
      const commands = [registerPredictCommand, registerExportCommand];
      const words = [...commandWords(line), "--json"];
      const { code, stdout, stderr } = await runCli(words, commands, {
        base: folder,
        engine: engineLauncher(enginePath),
      });
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).toMatchObject({ run: runId });
    }
    await start();
    expect(shown).toBeDefined();
    expect(await predicted()).toEqual(shown);
    const [ours, theirs] = await Promise.all(["window", "line"].map((kind) => readFile(out(kind))));
    expect(ours?.equals(theirs ?? Buffer.alloc(0))).toBe(true);
  });

  it("ends early, exactly when validation has stalled", async () => {
    const earlyStopping = { measure: "loss", patience: 1 } as const;
    const { runId, state } = await train({ epochs: 30, learningRate: 0.3, earlyStopping });
    expect(state.kind).toBe("succeeded");
    const run = await services.learning.run(project.id, runId);
    expect(run.state).toEqual({ kind: "finished", reason: "no-improvement" });
    expect(isExhausted(run.history, earlyStopping)).toBe(true);
    expect(isExhausted(run.history.slice(0, -1), earlyStopping)).toBe(false);
    // There is nothing left to go on with, unless more patience is asked for.
    const { done } = await services.learning.training.resume(project, runId, { epochs: 40 });
    expect((await done).kind).toBe("succeeded");
    expect((await services.learning.run(project.id, runId)).history).toHaveLength(run.history.length);
  });

  it("predicts mosaics, tells of it as it goes, and evaluates them", async () => {
    const { runId } = await train({ epochs: 4 });
    const mosaicIds = project.snapshot().mosaics.map(({ id }) => id);
    const [firstId = ""] = mosaicIds;
    const watching = new AbortController();
    const changes: { mosaicId: string; complete: boolean }[] = [];
    const watched = (async () => {
      for await (const { prediction } of services.learning.predictions.watch(project.id, watching)) {
        if (prediction.runId === runId) {
          changes.push(prediction);
        }
      }
    })();
    const viewed = [{ mosaicId: mosaicIds[2] ?? "", pixelWindow: { x: 0, y: 0, width: 50, height: 50 } }];
    await expect(
      services.learning.evaluation.report(project, runId, { kind: "mosaics", mosaicIds: [firstId] }),
    ).rejects.toMatchObject({ code: "conflict" });
    const { jobId } = await services.learning.predictions.start(project, {
      runId,
      mosaicIds,
      overlap: 0.25,
      viewed,
    });
    await untilFinished(jobId);
    watching.abort();
    await watched;
    expect(services.jobs.get(jobId).state).toMatchObject({
      kind: "succeeded",
      result: { kind: "prediction" },
    });
    expect(changes[0]?.mosaicId).toBe(mosaicIds[2]);
    expect(new Set(changes.filter(({ complete }) => complete).map(({ mosaicId }) => mosaicId))).toEqual(
      new Set(mosaicIds),
    );

    const report = await services.learning.evaluation.report(project, runId, { kind: "mosaics", mosaicIds });
    expect(report.unpredictedPixels).toBe(0);
    expect(report.confusion.flat().reduce((sum, pixels) => sum + pixels, 0)).toBe(
      await countedPixels(mosaicIds),
    );

    await comparesLive(runId, mosaicIds);

    // Another session finds it as it was left.
    await services.close();
    await start();
    const grid = await services.learning.readPrediction(project.id, firstId, runId);
    const { ids } = (await grid?.readWindow({ pixelWindow: { x: 0, y: 0, width: 192, height: 192 } })) ?? {
      ids: [],
    };
    expect([...new Set(ids)].every((id) => [1, 2, 4].includes(id))).toBe(true);
    await services.learning.predictions.remove(project.id, runId, firstId);
    expect(await services.learning.readPrediction(project.id, firstId, runId)).toBeNull();
  });

  /** What is predicted live is what was predicted and stored, and it gives way to jobs and to another view. */
  async function comparesLive(runId: string, mosaicIds: readonly string[]): Promise<void> {
    const { live } = services.learning;
    const viewed = mosaicIds.map((mosaicId) => ({
      mosaicId,
      pixelWindow: { x: 10, y: 20, width: 30, height: 40 },
    }));
    const whole = {
      pixelWindow: { x: 0, y: 0, width: 192, height: 192 },
      outputSize: { width: 192, height: 192 },
    };
    const read = (mosaicId: string): ReturnType<typeof live.read> =>
      live.read(project, mosaicId, runId, whole);

    // While a job has the engine, nothing is predicted; when that ends, it goes on by itself.
    const job = services.jobs.start(
      {
        kind: "training",
        title: "A training",
        projectId: project.id,
        runId: null,
        mosaicId: null,
        canPause: true,
      },
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reject(signal.reason as Error);
          });
        }),
    );
    const kinds: string[] = [];
    const made: string[] = [];
    for await (const event of live.watch(
      project,
      { runId, viewed: viewed.slice(0, 2) },
      new AbortController(),
    )) {
      kinds.push(event.status.kind);
      if (event.status.kind === "waiting") {
        expect(event.status).toMatchObject({ jobTitle: "A training", parts: 2 });
        expect((await read(mosaicIds[0] ?? "")).ids.every((id) => id === 255)).toBe(true);
        services.jobs.cancel(job.job.id);
      }
      made.push(...(event.made === null ? [] : [event.made.mosaicId]));
    }
    expect(kinds.slice(0, 2)).toEqual(["loading", "waiting"]);
    expect(kinds.at(-1)).toBe("up-to-date");
    expect(made).toEqual(mosaicIds.slice(0, 2));

    // A job that begins while nothing is left to predict gets the network's memory too: the next view loads it anew.
    const other = services.jobs.start({ ...job.job, title: "Another training" }, async () => {
      await sleep(600);
      return { kind: "training", runId: "none" };
    });
    await other.done;

    // A view that is left is not predicted any further.
    const left = new AbortController();
    const rest = live.watch(project, { runId, viewed: viewed.slice(2) }, left);
    const restKinds: string[] = [];
    for await (const event of rest) {
      restKinds.push(event.status.kind);
      if (event.made !== null) {
        left.abort();
      }
    }
    expect(restKinds[0]).toBe("loading");
    expect((await read(mosaicIds[2] ?? "")).ids.some((id) => id !== 255)).toBe(true);
    expect((await read(mosaicIds[3] ?? "")).ids.every((id) => id === 255)).toBe(true);

    for (const mosaicId of mosaicIds.slice(0, 2)) {
      const grid = await services.learning.readPrediction(project.id, mosaicId, runId);
      const stored = await grid?.readWindow({ pixelWindow: whole.pixelWindow, entropy: true });
      const seen = await read(mosaicId);
      // The same tiles in the same order; a batch of another size may round the last bit otherwise.
      expect(agreement(seen.ids, stored?.ids)).toBeGreaterThanOrEqual(0.9999);
      expect(agreement(seen.confidence, stored?.confidence, 1)).toBe(1);
      expect(agreement(seen.entropy, stored?.entropy, 1)).toBe(1);
    }
  }

  function agreement(
    seen: Uint8Array | null | undefined,
    stored: Uint8Array | null | undefined,
    tolerance = 0,
  ): number {
    expect(seen?.length).toBe(stored?.length);
    const same = seen?.filter((value, index) => Math.abs(value - (stored?.[index] ?? 0)) <= tolerance);
    return (same?.length ?? 0) / (seen?.length ?? 1);
  }

  it("trains a read-only folder, and ends tidily when the host does", async () => {
    const readOnly = path.join(folder, "read-only");
    await drawFolder(readOnly, [drawMosaic("a", 128, 128, 5), drawMosaic("b", 128, 128, 6)]);
    await chmod(readOnly, 0o555);
    try {
      const other = await services.projects.open(readOnly, { remember: false });
      const { runId, directory } = await services.learning.training.start(other, {
        ...settings,
        epochs: 1000,
      });
      expect(directory.startsWith(path.join(folder, "data"))).toBe(true);
      await firstEpoch(other.id, runId);
      await services.close();
      await start();
      const again = await services.projects.open(readOnly, { remember: false });
      const [stored] = await services.learning.runs.list(again);
      expect(stored?.run.id).toBe(runId);
      expect(stored?.run.state).toEqual({ kind: "finished", reason: "stopped" });
      expect(stored?.run.history.length).toBeGreaterThan(0);
    } finally {
      await chmod(readOnly, 0o755);
    }
  });

  it("queues trainings, keeps what is left of them over a restart, and goes on in the order that was chosen", async () => {
    const before = services.learning.training;
    const trainings = [3, 1, 1].map((epochs, index) => ({
      settings: { ...settings, epochs, seed: index },
      name: `queued ${index}`,
    }));
    await expect(
      before.startAll(project, [...trainings, { settings: { ...settings, loss: "nonsense" }, name: "odd" }]),
    ).rejects.toMatchObject({ message: expect.stringMatching(/^odd can't be trained: /) as string });
    const [first, second, third] = (await before.startAll(project, trainings)).map(({ runId }) => runId);
    if (first === undefined || second === undefined || third === undefined) {
      throw new Error("three were queued");
    }
    await firstEpoch(project.id, first);
    await expect(services.learning.runs.remove(project.id, third)).rejects.toMatchObject({
      code: "conflict",
    });
    await services.learning.implementation.training.move(
      { projectId: project.id, runId: third, by: -1 },
      { signal: new AbortController().signal },
    );
    await services.close();
    await start();
    const { runs, training } = services.learning;
    const waiting = queuedRuns((await runs.list(project)).map(({ run }) => run));
    expect(waiting.map(({ id }) => id)).toEqual([first, third, second]);
    expect(waiting[0]?.history.length).toBeGreaterThan(0);
    expect(waiting[0]?.history.length).toBeLessThan(3);
    // Opening the project has begun nothing.
    expect(services.jobs.list()).toEqual([]);

    const goneOn = await training.goOn(project);
    expect(goneOn.map(({ runId }) => runId)).toEqual([first, third, second]);
    training.stop(second);
    expect((await goneOn[2]?.done)?.kind).toBe("cancelled");
    expect((await goneOn[1]?.done)?.kind).toBe("succeeded");
    const ended = await Promise.all(
      [first, third, second].map((id) => services.learning.run(project.id, id)),
    );
    expect(ended.map(({ state, history }) => [state.kind, history.length])).toEqual([
      ["finished", 3],
      ["finished", 1],
      ["interrupted", 0],
    ]);
    expect(existsSync(path.join(goneOn[0]?.directory ?? "", "owner.json"))).toBe(false);
  });

  it("knows a run whose host was killed, and takes it up again", async () => {
    const { runId, directory } = await train({ epochs: 2 });
    await services.close();
    // As a host that dies in mid-epoch leaves it: running, by a process that is no more.
    const runPath = path.join(directory, "run.json");
    const run = runSchema.parse(JSON.parse(await readFile(runPath, "utf8")));
    await writeFile(
      runPath,
      JSON.stringify({
        ...run,
        settings: { ...run.settings, epochs: 3 },
        state: { kind: "running", jobId: "gone" },
      }),
    );
    await writeFile(path.join(directory, "owner.json"), JSON.stringify({ pid: 2 ** 30 }));
    await start();
    expect((await services.learning.run(project.id, runId)).state).toEqual({ kind: "interrupted" });
    const { done } = await services.learning.training.resume(project, runId);
    expect((await done).kind).toBe("succeeded");
    expect((await services.learning.run(project.id, runId)).history).toHaveLength(3);
  });

  it("says what can still be done with a run whose weights are gone", async () => {
    const { runId, directory } = await train({ epochs: 2, maxSteps: 7 });
    const mosaicIds = project.snapshot().mosaics.map(({ id }) => id);
    const predict = () =>
      services.learning.predictions.start(project, { runId, mosaicIds, overlap: 0, viewed: [] });
    const resume = () => services.learning.training.resume(project, runId);
    await rename(path.join(directory, "last.weights"), path.join(directory, "aside"));
    await expect(resume()).rejects.toThrow(
      /last epoch are gone: there is no .*last\.weights\. Its best ones are there, of epoch \d: training can go on/,
    );
    await rename(path.join(directory, "aside"), path.join(directory, "last.weights"));
    await rm(path.join(directory, "best.weights"));
    await expect(predict()).rejects.toThrow(/best epoch are gone: .* go on training/);
    await rm(path.join(directory, "last.weights"));
    await expect(predict()).rejects.toThrow(/Its numbers, curves and earlier predictions can still be read/);
    const report = await services.learning.evaluation.report(project, runId, { kind: "validation" });
    expect(report.meanIou).toBeGreaterThan(0);
  });

  it("finds a flipped bit in the last weights, and goes on from the best epoch as if the later ones had never been", async () => {
    const { runId, directory } = await train({ epochs: 3 });
    const { history, best } = await services.learning.run(project.id, runId);
    const bestEpoch = best?.epoch ?? 0;
    const lastPath = path.join(directory, "last.weights");
    const bytes = await readFile(lastPath);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
    await writeFile(lastPath, bytes);
    await expect(services.learning.training.resume(project, runId, { epochs: 4 })).rejects.toMatchObject({
      code: "damaged",
      message: expect.stringMatching(
        `last epoch are damaged: .*last\\.weights .* of epoch ${bestEpoch}: training can go on from them`,
      ) as string,
    });
    const { done } = await services.learning.training.resume(project, runId, { epochs: 4, from: "best" });
    expect((await done).kind).toBe("succeeded");
    const after = await services.learning.run(project.id, runId);
    expect(after.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    // The epochs that were left out come to the same again: weights and optimizer were those of the best epoch.
    expect(after.history.slice(0, 3).map(({ loss }) => loss)).toEqual(
      history.map(({ loss }) => expect.closeTo(loss, 6) as number),
    );
    const aside = (await readdir(directory)).filter((name) => name.startsWith("last.damaged-"));
    expect(aside).toHaveLength(1);
    expect(await readFile(path.join(directory, aside[0] ?? ""))).toEqual(bytes);

    await writeFile(path.join(directory, "best.weights"), bytes.subarray(0, middle));
    const mosaicIds = project.snapshot().mosaics.map(({ id }) => id);
    await expect(
      services.learning.predictions.start(project, { runId, mosaicIds, overlap: 0, viewed: [] }),
    ).rejects.toThrow(/best epoch are damaged/);
  });

  async function firstEpoch(projectId: string, runId: string): Promise<void> {
    for await (const event of services.learning.training.watch(projectId, runId, {
      signal: AbortSignal.timeout(30_000),
    })) {
      if (event.kind === "epoch") {
        return;
      }
    }
  }

  async function untilFinished(jobId: string): Promise<void> {
    while (["queued", "running"].includes(services.jobs.get(jobId).state.kind)) {
      await new Promise<void>((resolve) => {
        const stop = services.jobs.onChange(() => {
          stop();
          resolve();
        });
      });
    }
  }

  async function countedPixels(mosaicIds: readonly string[]): Promise<number> {
    let pixels = 0;
    for (const mosaicId of mosaicIds) {
      const labels = await project.readLabels(mosaicId, {
        pixelWindow: { x: 0, y: 0, width: 192, height: 192 },
      });
      pixels += labels.filter((id) => [1, 2, 4].includes(id)).length;
    }
    return pixels;
  }
});
