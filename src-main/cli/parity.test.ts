import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { drawFolder, drawMosaic } from "../../fixtures/learning/draw-folder.ts";
import { addPredictedRun } from "../../fixtures/learning/predicted-run.ts";
import { runCli } from "../../fixtures/run-cli.ts";
import { commandWords } from "../../fixtures/command-words.ts";
import { testHostOptions } from "../../fixtures/test-host-options.ts";
import {
  acceptPredictionCommand,
  compareCommand,
  evaluateCommand,
  evaluateMasksCommand,
  exportMasksCommand,
  mergeLabelsCommand,
  placesCommand,
  reportCommand,
  reportMasksCommand,
  settleConflictsCommand,
  splitCommand,
  trainCommand,
} from "#shared/command-line/command-lines.ts";
import { evaluationDetailSchema, foundPlacesSchema } from "#shared/metrics/evaluation-detail.ts";
import { expandSweep, sweepableSetting, type SweepAxis } from "#shared/training/sweep.ts";
import type { ExportOptions } from "#shared/project/export-options.ts";
import { runSchema, type Run } from "#shared/training/run.ts";
import { optimizerDefaults, type TrainingSettings } from "#shared/training/training-settings.ts";
import { encodeRuns } from "#shared/labels/runs.ts";
import { mergeService } from "../host/label-merge/merge-service.ts";
import { labelsService } from "../host/labels/labels-service.ts";
import { Exports } from "../host/exports/index.ts";
import { isUnfinished } from "../host/jobs/index.ts";
import { noShell } from "../host/ports/no-shell.ts";
import type { Project } from "../host/projects/project.ts";
import { createServices, type Services } from "../host/services.ts";
import { defaultSettings } from "../host/training/presets.ts";
import { registerCompareCommand } from "./compare.ts";
import { registerEvaluateCommand } from "./evaluate.ts";
import { registerExportCommand } from "./export.ts";
import { registerLabelCommand } from "./label.ts";
import { registerReportCommand } from "./report.ts";
import { registerRunsCommand } from "./runs.ts";
import { registerSplitCommand } from "./split.ts";
import { sweepTrainings } from "./train-sweep.ts";
import { declareTrainCommand, settingsOf, type TrainOptions } from "./train.ts";

const commands = [
  registerEvaluateCommand,
  registerCompareCommand,
  registerReportCommand,
  registerRunsCommand,
  registerSplitCommand,
  registerLabelCommand,
  registerExportCommand,
];
const CLASSES = 3;
const SIDE = 192;

/** The answer at the end of a stream that tells how far it is. */
async function resultOf<Result>(
  items: AsyncIterable<{ readonly kind: "progress" } | { readonly kind: "result"; readonly result: Result }>,
): Promise<Result> {
  for await (const item of items) {
    if (item.kind === "result") {
      return item.result;
    }
  }
  throw new Error("no answer came");
}

describe("the window's actions and their command lines", () => {
  let base: string;
  let folder: string;
  let services: Services;
  let project: Project;
  let mosaicIds: string[];
  let classes: Run["classes"];

  beforeAll(async () => {
    base = await mkdtemp(path.join(tmpdir(), "orthomask-parity-"));
    folder = path.join(base, "my set");
    await drawFolder(
      folder,
      ["a", "b", "c"].map((name) => drawMosaic(name, SIDE, SIDE, CLASSES)),
    );
    services = createServices(testHostOptions(path.join(base, "window")));
    project = await services.projects.open(folder);
    await project.counted();
    mosaicIds = project.snapshot().mosaics.map(({ id }) => id);
    classes = [...project.snapshot().classes];
    await addPredictedRun(services, project, { id: "first", share: 0.8 });
    await addPredictedRun(services, project, { id: "second", share: 0.9 });
  }, 60_000);

  afterAll(async () => {
    await services.close();
    await rm(base, { recursive: true, force: true });
  });

  const place = () => ({
    folder,
    mosaicNames: mosaicIds.map((mosaicId) => project.mosaic(mosaicId).name),
  });

  /** Runs a line as it was copied, in a process of its own memory, and reads its document. */
  async function answerOf(line: string): Promise<unknown> {
    const { code, stdout, stderr } = await runCli([...commandWords(line), "--json"], commands, {
      base: path.join(base, "cli"),
    });
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout);
  }

  /** A run that the command line knows by its folder, as it has never seen its id. */
  const byFolder = (line: string, id: string): string =>
    line.replace(` ${id} `, ` '${path.join(folder, ".orthomask/runs", id)}' `);

  const ended = async (jobId: string): Promise<void> => {
    while (["queued", "running"].includes(services.jobs.get(jobId).state.kind)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it("count the same, with borders left out and on a part of the ground", async () => {
    for (const choice of [
      { borderTolerancePixels: 0, within: null },
      { borderTolerancePixels: 2, within: "validation" },
    ] as const) {
      const shown = await services.learning.evaluation.detail(project, "first", mosaicIds, {
        borderTolerancePixels: choice.borderTolerancePixels,
        within: choice.within === null ? undefined : { kind: "run", part: choice.within },
      });
      const line = byFolder(evaluateCommand("first", place(), choice), "first");
      expect(evaluationDetailSchema.parse(await answerOf(line))).toEqual(shown);
    }
  });

  it("find the same places", async () => {
    const selection = { kind: "cell", truthId: classes[0]!.id, predictionId: classes[1]!.id } as const;
    const shown = await services.learning.evaluation.places(project, "first", mosaicIds, {
      selection,
      most: 100,
    });
    expect(shown.pixels).toBeGreaterThan(0);
    const choice = { borderTolerancePixels: 0, within: null, selection };
    const line = byFolder(placesCommand("first", place(), choice), "first");
    expect(foundPlacesSchema.parse(await answerOf(line))).toEqual(shown);
  });

  it("compare two runs alike", async () => {
    const shown = await services.learning.evaluation.compare(project, ["first", "second"], mosaicIds);
    expect(shown.meanIou.second).toBeGreaterThan(shown.meanIou.first ?? 1);
    const line = byFolder(byFolder(compareCommand(["first", "second"], place()), "first"), "second");
    expect(await answerOf(line)).toEqual(shown);
  });

  it("write a report of which every number is one of the evaluation's", async () => {
    const out = path.join(base, "report.html");
    const choice = { borderTolerancePixels: 0, within: null, out };
    const answer = await answerOf(byFolder(reportCommand("first", place(), choice), "first"));
    const shown = await services.learning.evaluation.detail(project, "first", mosaicIds, {
      borderTolerancePixels: 0,
    });
    expect(answer).toMatchObject({ output: out, evaluation: { report: shown.report, detail: shown } });
    const page = await readFile(out, "utf8");
    // Nothing is fetched, and no name ends a tag.
    expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(page).toContain("The first &amp; &lt;best&gt;");
    const evaluation: unknown = JSON.parse(
      /<script type="application\/json" id="evaluation">(.*?)<\/script>/s.exec(page)?.[1] ?? "null",
    );
    expect(evaluation).toEqual((answer as { evaluation: unknown }).evaluation);
    const numbers = [...page.matchAll(/data-path="([^"]+)" data-value="([^"]+)"\s*>([^<]*)</g)];
    expect(numbers.length).toBeGreaterThan(
      shown.report.classes.length * 6 + shown.report.classes.length ** 2,
    );
    for (const [, at = "", value = "", text = ""] of numbers) {
      const found =
        at === "report.confusion.total"
          ? shown.report.confusion.flat().reduce((sum, count) => sum + count, 0)
          : at
              .split(".")
              .reduce((inside: unknown, key) => (inside as Record<string, unknown>)[key], evaluation);
      expect([at, value]).toEqual([at, String(found)]);
      expect(text.trim()).not.toBe("");
    }
    // On the validation tiles alone, though mosaics are predicted.
    const onTiles = reportCommand("first", { ...place(), mosaicNames: [] }, choice);
    expect(await answerOf(byFolder(onTiles, "first"))).toMatchObject({
      evaluation: {
        detail: null,
        report: await services.learning.evaluation.report(project, "first", { kind: "validation" }),
      },
    });
    // The worst confusions have their places, each with three pictures.
    expect(page.match(/data-confusion=/g)?.length).toBeGreaterThan(0);
    expect(page.match(/data:image\/png/g)?.length).toBeGreaterThan(2);
  });

  it("refuse a report on validation tiles of what only whole mosaics have", async () => {
    for (const words of [
      ["some-run", "--border", "2"],
      ["some-run", "--within", "validation"],
      ["some-run", "--mosaics", "a"],
      ["--masks", "masks"],
    ]) {
      const given = ["report", ...words, "--validation-tiles", "--out", "report.html"];
      const { code, stderr } = await runCli(given, commands, { base: path.join(base, "cli") });
      expect(code).toBe(2);
      expect(stderr).toContain(words.find((word) => word.startsWith("--")));
    }
  });

  it("train with exactly the settings that were copied", async () => {
    const fancy: TrainingSettings = {
      ...defaultSettings,
      architecture: "segnet",
      width: 12,
      upsampling: "unpooling",
      tilePixels: 96,
      inputPixels: 64,
      batch: 3,
      accumulation: 2,
      epochs: 7,
      maxSteps: 99,
      learningRate: 0.00025,
      optimizer: { ...optimizerDefaults.sgd, momentum: 0.8, nesterov: true },
      schedule: { kind: "plateau", patience: 3, factor: 0.4 },
      clipping: { kind: "norm", limit: 1.5 },
      earlyStopping: { measure: "loss", patience: 4 },
      l2: 0.0001,
      loss: "focal(gamma=1.5)+0.5*dice",
      classWeighting: {
        kind: "manual",
        weights: Object.fromEntries(
          classes.filter(({ ignore }) => !ignore).map(({ id }, index) => [String(id), index + 0.5]),
        ),
      },
      sampling: "balanced",
      augmentation: { ...defaultSettings.augmentation, flips: true, quarterTurns: false, hue: 0.05 },
      split: { kind: "blocks", share: 0.3, blockTiles: 2, guardTiles: 1 },
      seed: 77,
      mosaicIds: mosaicIds.slice(0, 2),
    };
    const unweighted: TrainingSettings = {
      ...defaultSettings,
      loss: "weighted-crossentropy",
      classWeighting: { kind: "none" },
    };
    for (const settings of [defaultSettings, fancy, unweighted]) {
      const names = (settings.mosaicIds ?? []).map((id) => project.mosaic(id).name);
      const line = trainCommand(settings, { folder, mosaicNames: names }, { classes });
      const program = new Command("orthomask").exitOverride();
      let read: TrainingSettings | null = null;
      declareTrainCommand(program).action(async (_dir: string, options: TrainOptions) => {
        read = await settingsOf(options, project, classes);
      });
      await program.parseAsync(commandWords(line), { from: "user" });
      expect(read).toEqual(settings);
    }
  });

  it("queue the trainings of a sweep that was copied", async () => {
    const axisOf = (word: string, values: readonly string[]): SweepAxis => {
      const setting = sweepableSetting(defaultSettings, word);
      if (setting === null) {
        throw new Error(`no setting ${word}`);
      }
      return { setting, values };
    };
    const sweep = [
      axisOf("learning-rate", ["0.001", "0.003"]),
      axisOf("loss", ["focal(gamma=2,alpha=0.5)+dice", "crossentropy"]),
      axisOf("augmentation.flips", ["true", "false"]),
    ];
    const line = trainCommand(defaultSettings, { folder, mosaicNames: [] }, { classes, sweep });
    const program = new Command("orthomask").exitOverride();
    let read: readonly TrainingSettings[] = [];
    declareTrainCommand(program).action(async (_dir: string, options: TrainOptions) => {
      const trainings = sweepTrainings(await settingsOf(options, project, classes), options);
      read = trainings.map(({ settings }) => settings);
    });
    await program.parseAsync(commandWords(line), { from: "user" });
    expect(read).toHaveLength(8);
    expect(read).toEqual(expandSweep(defaultSettings, sweep).map(({ settings }) => settings));
  });

  it("export the same masks, of a run and of the labels", async () => {
    const { jobs, projects, learning } = services;
    const exports = new Exports({
      ...{ jobs, projects, predictions: learning, version: "0.1.0" },
      shell: noShell({ download: false }),
    });
    for (const [runId, options] of [
      ["first", { mask: true, confidence: true, vector: null, merge: null }],
      [
        null,
        {
          mask: true,
          confidence: false,
          vector: { format: "fgb", simplifyMeters: 1, minAreaSquareMeters: 4 },
          merge: null,
        },
      ],
    ] as const satisfies readonly (readonly [string | null, ExportOptions])[]) {
      const [shown, copied] = ["window", "line"].map((name) => path.join(base, `masks-${name}-${runId}`));
      const { jobId } = await exports.start({
        ...{ projectId: project.id, runId, mosaicIds, options },
        folderPath: shown ?? null,
      });
      await ended(jobId);
      const line = exportMasksCommand(runId, { folder, mosaicNames: [] }, { options, out: copied ?? null });
      const answer = await answerOf(runId === null ? line : byFolder(line, runId));
      const names = (await readdir(shown ?? "")).toSorted();
      expect(names.length).toBeGreaterThan(1);
      expect((await readdir(copied ?? "")).toSorted()).toEqual(names);
      expect(names).toEqual(expect.arrayContaining((answer as { files: string[] }).files));
      for (const name of names) {
        const [ours, theirs] = await Promise.all(
          [shown, copied].map((at) => readFile(path.join(at ?? "", name))),
        );
        expect(ours?.equals(theirs ?? Buffer.alloc(0)), name).toBe(true);
      }
    }
  });

  it("compare masks from anywhere alike: a run's own, exported, come to its own numbers", async () => {
    const masks = path.join(base, "masks-window-first");
    const fileId = services.folders.grant(path.join(masks, "a.tif"));
    const { evaluation: asked } = services.learning.implementation;
    const { signal } = new AbortController();
    const ask = (mapping: Record<string, number | null> | null, borderTolerancePixels = 0) =>
      resultOf(
        asked.masks(
          {
            ...{ projectId: project.id, fileId, folder: true, mapping },
            ...{ otherGrids: "refuse", borderTolerancePixels },
          },
          { signal },
        ),
      );
    const { evaluation } = await ask(null);
    const own = await services.learning.evaluation.detail(project, "first", mosaicIds);
    expect(evaluation).toMatchObject({
      compared: ["a", "b", "c"],
      withoutMask: [],
      unknown: [],
      renamed: [],
    });
    expect(evaluation.detail.report).toEqual(own.report);
    expect(evaluation.detail.areas).toEqual(own.areas);

    const [one, other] = classes.filter(({ ignore }) => !ignore).map(({ id }) => id);
    const mapping = { [String(one)]: other ?? 0, [String(other)]: null };
    const mapped = await ask(mapping);
    expect(mapped.evaluation.detail.report.confusion.map((row) => row[0])).toEqual(
      own.report.confusion.map(() => 0),
    );
    // It is kept for the next time.
    expect(await ask(null)).toEqual({ ...mapped, masksId: expect.any(String) as string });
    const words = { path: masks, mapping, resampled: false, borderTolerancePixels: 0, within: null };
    const bordered = (await ask(mapping, 1)).evaluation;
    expect(bordered.detail.report).not.toEqual(mapped.evaluation.detail.report);
    for (const [border, { detail, compared }] of [mapped.evaluation, bordered].entries()) {
      const line = evaluateMasksCommand(folder, { ...words, borderTolerancePixels: border });
      expect(await answerOf(line)).toEqual(JSON.parse(JSON.stringify({ ...detail, compared })));
    }
    // Its report says the same, written from the window and by its line.
    const out = path.join(base, "masks.html");
    const answer = await answerOf(reportMasksCommand(folder, words, out));
    expect(answer).toMatchObject({ output: out, evaluation: { detail: mapped.evaluation.detail } });
    const { jobs, projects, learning, options } = services;
    const { version } = options;
    const exports = new Exports({
      ...{ jobs, projects, predictions: learning, version },
      shell: noShell({ download: false }),
    });
    const { jobId } = await exports.startMasksReport(learning, {
      ...{ projectId: project.id, masksId: mapped.masksId, format: "html", folderPath: null },
    });
    await ended(jobId);
    const [copied, shown] = await Promise.all(
      [out, path.join(project.storageDirectory, "exports/masks/report.html")].map(async (file) =>
        // Each names itself.
        (await readFile(file, "utf8")).replace(/--out \S+/, ""),
      ),
    );
    expect(copied).toContain(`Masks of ${masks} against the labels of`);
    expect(copied).toBe(shown);
    const selection = { kind: "false-negatives", classId: one ?? 0 } as const;
    const places = await asked.maskPlaces(
      { projectId: project.id, masksId: mapped.masksId, selection, most: 100 },
      { signal },
    );
    expect(places.pixels).toBeGreaterThan(0);
    expect(await answerOf(evaluateMasksCommand(folder, words, selection))).toEqual(places);
  });

  it("divide the ground alike, and train by the split's name", async () => {
    const draft = {
      kind: "blocks",
      validation: 0.25,
      test: 0.2,
      stratified: true,
      blockMeters: 64,
      guardMeters: 8,
    } as const;
    const question = { draft, tilePixels: 32, seed: 5 };
    const shown = await services.splits.preview(project, question);
    const words = commandWords(splitCommand(folder, { ...question, name: "north" }));
    const answer = await runCli([...words, "--json"], commands, {
      base: path.join(base, "cli"),
    });
    expect(JSON.parse(answer.stdout)).toMatchObject({ parts: shown.parts, leaks: shown.leaks });
    const saved = await services.splits.save(project, "north", question);
    expect((JSON.parse(answer.stdout) as { split: string }).split).toBe(saved.id);
    expect(existsSync(path.join(folder, ".orthomask/splits", `${saved.id}.json`))).toBe(true);
    const plan = await services.learning.training.plan(project, {
      ...defaultSettings,
      tilePixels: 32,
      split: { kind: "saved", splitId: saved.id, name: "north" },
    });
    const tiles = (part: string) => shown.parts.find((facts) => facts.part === part)?.tiles;
    expect([plan.trainingTiles, plan.validationTiles]).toEqual([tiles("training"), tiles("validation")]);
  });

  it("label the same pixels, and undo them", async () => {
    const [mosaicId = ""] = mosaicIds;
    const pixelWindow = { x: 0, y: 0, width: SIDE, height: SIDE };
    const before = await project.readLabels(mosaicId, { pixelWindow });
    await services.close();
    const words = ["label", folder, "a", "--class", classes[1]!.name, "--rectangle", "10,20,30,40"];
    const labelled = await runCli([...words, "--json"], commands, { base: path.join(base, "cli") });
    expect(JSON.parse(labelled.stdout)).toMatchObject({ mosaic: "a", changed: true });
    const undone = await runCli(["label", folder, "--undo", "--json"], commands, {
      base: path.join(base, "cli"),
    });
    expect(JSON.parse(undone.stdout)).toMatchObject({ mosaic: "a" });
    services = createServices({
      ...services.options,
      engine: { launch: () => Promise.reject(new Error("no engine in this test")) },
    });
    project = await services.projects.open(folder);
    await project.counted();
    expect(await project.readLabels(mosaicId, { pixelWindow })).toEqual(before);
    const edit = {
      name: "rectangle",
      parts: [
        {
          paintId: classes[1]!.id,
          shape: {
            kind: "polygon" as const,
            rings: [
              [
                [10, 20],
                [40, 20],
                [40, 60],
                [10, 60],
              ] as [number, number][],
            ],
          },
        },
      ],
      rules: { lockedIds: [], onlyUnlabelled: false },
    };
    await project.labels.edit(mosaicId, edit, null);
    const inWindow = await project.readLabels(mosaicId, { pixelWindow });
    expect(inWindow).not.toEqual(before);
    await project.labels.undo();
  });

  it("merge another's labels, settle where they differ, and accept a prediction alike", async () => {
    const [mosaicId = ""] = mosaicIds;
    const { image } = project.mosaic(mosaicId);
    const pixelWindow = { x: 0, y: 0, width: image.width, height: image.height };
    const [, one, other] = classes.map(({ id }) => id);
    const file = path.join(base, "masks-window-first", "a.tif");
    const fileId = services.folders.grant(file);
    const merges = mergeService({
      projects: services.projects,
      folders: services.folders,
      jobs: services.jobs,
    });
    const context = { signal: new AbortController().signal };
    const ring: [number, number][] = [
      [10.5, 20],
      [150.0625, 30],
      [90, 160],
    ];
    const accepted = {
      ...{ runId: "second", classId: one ?? 0, leastConfidence: 0.6 },
      rules: { lockedIds: [other ?? 0], onlyUnlabelled: false },
    };
    const steps = [
      {
        shown: async () => {
          const { jobId } = await merges.start({ projectId: project.id, mosaicId, fileId }, context);
          await vi.waitUntil(() => !isUnfinished(services.jobs.get(jobId).state), { timeout: 20_000 });
          const { state } = services.jobs.get(jobId);
          return state.kind === "succeeded" && state.result.kind === "merge" ? state.result.report : state;
        },
        line: mergeLabelsCommand(folder, "a", file),
      },
      {
        shown: () => merges.settle({ projectId: project.id, mosaicId, place: null, kept: "theirs" }, context),
        line: settleConflictsCommand({ folder, mosaicNames: ["a"] }, "theirs"),
      },
      {
        shown: async () => {
          const [change] = await resultOf(
            labelsService(services.projects, services.learning).accept(
              {
                ...{ projectId: project.id, name: "Accept prediction", ...accepted },
                areas: [{ mosaicId, area: { kind: "polygon", rings: [ring] } }],
              },
              context,
            ),
          );
          return change;
        },
        line: byFolder(`${acceptPredictionCommand(folder, "a", { ...accepted, ring })} `, "second"),
      },
    ];
    /** Something to be taken, and to differ: a part isn't labelled, another is otherwise. */
    const prepared = async (): Promise<void> => {
      const paint = (paintId: number, x: number) =>
        project.labels.edit(
          mosaicId,
          {
            name: "rectangle",
            parts: [
              { paintId, shape: { kind: "bitmap", pixelWindow: { x, y: 40, width: 30, height: 50 }, runs } },
            ],
            rules: { lockedIds: [], onlyUnlabelled: false },
          },
          null,
        );
      const runs = encodeRuns(new Uint8Array(30 * 50).fill(1));
      await paint(255, 20);
      await paint(one ?? 0, 80);
    };
    const back = async (): Promise<void> => {
      while ((await project.labels.undo()) !== null) {
        // To the labels that the mask file holds.
      }
    };
    const reopened = async (): Promise<void> => {
      services = createServices(services.options);
      project = await services.projects.open(folder);
      await project.counted();
    };
    await back();
    const original = await project.readLabels(mosaicId, { pixelWindow });
    await prepared();
    const inWindow = [];
    for (const { shown } of steps) {
      inWindow.push({ answer: await shown(), ids: await project.readLabels(mosaicId, { pixelWindow }) });
    }
    await back();
    expect(await project.readLabels(mosaicId, { pixelWindow })).toEqual(original);
    await prepared();
    for (const [index, { line }] of steps.entries()) {
      await services.close();
      const answer = await answerOf(line);
      await reopened();
      const { answer: expected, ids } = inWindow[index] ?? { answer: {}, ids: original };
      const { mosaicId: _mosaic, revision: _revision, ...numbers } = expected as Record<string, unknown>;
      expect(answer).toMatchObject(numbers);
      expect(Object.values(numbers).some((pixels) => Number(pixels) > 0)).toBe(true);
      expect(await project.readLabels(mosaicId, { pixelWindow })).toEqual(ids);
    }
    await back();
  });

  it("list, name, tag, copy and delete runs", async () => {
    const at = path.join(folder, ".orthomask/runs/second");
    const cli = async (...words: string[]): Promise<unknown> => {
      const { stdout } = await runCli(["runs", ...words, "--json"], commands, {
        base: path.join(base, "cli"),
      });
      return JSON.parse(stdout);
    };
    expect(await cli("rename", at, "Spring")).toEqual({ id: "second", name: "Spring" });
    expect(await cli("tag", at, "wet", "2026", "wet")).toEqual({ id: "second", tags: ["wet", "2026"] });
    expect(await cli("list", folder, "--tag", "wet")).toMatchObject([{ id: "second", name: "Spring" }]);
    const out = path.join(base, "copied");
    await cli("export", at, "--out", out);
    const copied = runSchema.parse(JSON.parse(await readFile(path.join(out, "run.json"), "utf8")));
    expect(copied).toMatchObject({ name: "Spring", tags: ["wet", "2026"] });
    expect(existsSync(path.join(out, "predictions"))).toBe(true);
    await cli("delete", at);
    expect(await cli("list", folder)).toMatchObject([{ id: "first" }]);
  });

  it("find runs, predictions and labels again once a project that was moved has been opened", async () => {
    const before = await services.learning.evaluation.detail(project, "first", mosaicIds);
    await services.close();
    const moved = path.join(base, "another disk");
    await rename(folder, moved);
    services = createServices({
      ...services.options,
      engine: { launch: () => Promise.reject(new Error("no engine in this test")) },
    });
    project = await services.projects.open(moved);
    await project.counted();
    expect(project.snapshot().mosaics.map(({ id }) => id)).toEqual(mosaicIds);
    expect(await services.learning.evaluation.detail(project, "first", mosaicIds)).toEqual(before);
    expect(await services.learning.runs.findDirectory("first")).toBe(
      path.join(moved, ".orthomask/runs/first"),
    );
  });
});
