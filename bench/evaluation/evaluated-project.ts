import { copyFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { runSchema, type Run } from "#shared/training/run.ts";
import { createPrediction, writeRecord } from "../../src-main/host/inference/prediction-store.ts";
import { noShell } from "../../src-main/host/ports/no-shell.ts";
import { createServices } from "../../src-main/host/services.ts";
import { defaultSettings } from "../../src-main/host/training/presets.ts";
import { openRaster } from "../../src-main/raster/index.ts";

/** Rows that are copied into a prediction at once. */
const ROWS = 512;

/** Fills a folder with one mosaic and its labels, a run that has predicted it, and other runs that haven't: what a long season of trainings leaves. */
export async function makeEvaluatedProject(
  folder: string,
  { truth, prediction }: { readonly truth: string; readonly prediction: string },
  runCount: number,
): Promise<void> {
  for (const [name, file] of [
    ["images", truth],
    ["masks", truth],
  ] as const) {
    await mkdir(path.join(folder, name), { recursive: true });
    await copyFile(file, path.join(folder, name, "a.tif"));
  }
  const services = createServices({
    dataDirectory: path.join(folder, ".data"),
    cacheDirectory: path.join(folder, ".cache"),
    engine: { launch: () => Promise.reject(new Error("no engine in this benchmark")) },
    shell: noShell({ download: false }),
    allowedRoots: "anywhere",
    initialFolder: null,
    version: "0.1.0",
  });
  try {
    const project = await services.projects.open(folder, { remember: false });
    await project.counted();
    const { classes, mosaics } = project.snapshot();
    const mosaicId = mosaics[0]?.id ?? "";
    const run = runOf(classes, mosaicId);
    const { directory } = await services.learning.runs.add(project, run);
    const raster = await openRaster(prediction);
    const { width, height } = raster.description;
    const stored = { version: 1, complete: false, revision: 1, epoch: 1, overlap: 0 } as const;
    const { grid } = await createPrediction(directory, mosaicId, { width, height }, stored);
    for (let y = 0; y < height; y += ROWS) {
      const pixelWindow = { x: 0, y, width, height: Math.min(ROWS, height - y) };
      const { data } = await raster.readWindow({ pixelWindow, bands: [0] });
      await grid.writeWindow(pixelWindow, Uint8Array.from(data), new Uint8Array(data.length).fill(200));
    }
    await grid.flush();
    await raster.close();
    await writeRecord(directory, mosaicId, { ...stored, complete: true });
    for (let index = 1; index < runCount; index++) {
      const id = `run-${index}`;
      const createdAt = new Date(Date.parse(run.createdAt) - index * 60_000).toISOString();
      const other = path.join(path.dirname(directory), id);
      await mkdir(other, { recursive: true });
      await writeFile(
        path.join(other, "run.json"),
        JSON.stringify({ ...run, id, name: `U-Net ${index}`, createdAt }),
      );
    }
  } finally {
    await services.close();
  }
}

function runOf(classes: Run["classes"], mosaicId: string): Run {
  const counted = classes.filter(({ ignore }) => !ignore);
  const history = Array.from({ length: 50 }, (_, index) => ({
    epoch: index + 1,
    loss: 1 / (index + 1),
    accuracy: 0.9,
    valLoss: 1.1 / (index + 1),
    valAccuracy: 0.8,
    valMeanIou: 0.5,
    valClassIou: counted.map(() => 0.5),
    learningRate: 0.001,
    seconds: 60,
    waitShare: 0.01,
  }));
  return runSchema.parse({
    version: 2,
    id: "run-0",
    name: "U-Net 0",
    createdAt: "2026-01-02T03:04:05.000Z",
    state: { kind: "finished", reason: "all-epochs" },
    settings: { ...defaultSettings, mosaicIds: [mosaicId] },
    classes,
    input: { bands: [0], normalization: { kind: "uint8" } },
    parameters: 10,
    trainableParameters: 10,
    trainingMosaicIds: [mosaicId],
    validationMosaicIds: [mosaicId],
    stepMilliseconds: 5,
    history,
    best: { epoch: 50, meanIou: 0.5, confusion: counted.map(() => counted.map(() => 3)) },
    madeWith: { orthomask: "0.1.0", tensorflow: "2.21.0", device: "CPU" },
  });
}
