import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawFolder, drawMosaic } from "../../../fixtures/learning/draw-folder.ts";
import { addPredictedRun } from "../../../fixtures/learning/predicted-run.ts";
import { testHostOptions } from "../../../fixtures/test-host-options.ts";
import { countedClasses } from "#shared/metrics/confusion-matrix.ts";
import type { PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import type { Project } from "../projects/index.ts";
import { createServices, type Services } from "../services.ts";
import { findPlaces } from "./places.ts";

const SIDE = 200;

describe("the index of places", () => {
  let folder: string;
  let services: Services;
  let project: Project;
  let mosaicId: string;
  let classIds: number[];
  let indexPath: string;

  const start = async (): Promise<void> => {
    services = createServices(testHostOptions(path.join(folder, ".host")));
    project = await services.projects.open(folder);
    await project.counted();
  };

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "orthomask-places-"));
    await drawFolder(folder, [drawMosaic("a", SIDE, SIDE, 3)]);
    await start();
    mosaicId = project.snapshot().mosaics[0]!.id;
    classIds = countedClasses(project.snapshot().classes).map(({ id }) => id);
    const { directory } = await addPredictedRun(services, project, { id: "run", share: 0.8 });
    indexPath = path.join(directory, "predictions", encodeURIComponent(mosaicId), "places.json");
  }, 60_000);

  afterAll(async () => {
    await services.close();
    await rm(folder, { recursive: true, force: true });
  });

  const places = (selection: PlaceSelection, borderTolerancePixels = 0, most = 100) =>
    services.learning.evaluation.places(
      project,
      "run",
      [mosaicId],
      { selection, most },
      { borderTolerancePixels },
    );

  /** What reading truth and prediction again finds. */
  const readAgain = async (selection: PlaceSelection, borderTolerancePixels = 0, most = 100) => {
    const grid = (await services.learning.readPrediction(project.id, mosaicId, "run"))!;
    const mosaic = {
      ...{ mosaicId, size: { width: SIDE, height: SIDE } },
      truth: (pixelWindow: Parameters<typeof project.readLabels>[1]["pixelWindow"]) =>
        project.readLabels(mosaicId, { pixelWindow }),
      prediction: (pixelWindow: Parameters<typeof project.readLabels>[1]["pixelWindow"]) =>
        grid.readWindow({ pixelWindow }),
    };
    return findPlaces([mosaic], classIds, { selection, most }, { borderTolerancePixels });
  };
  const selections = (): PlaceSelection[] => [
    { kind: "errors" },
    { kind: "cell", truthId: classIds[0]!, predictionId: classIds[1]! },
    { kind: "cell", truthId: classIds[2]!, predictionId: classIds[2]! },
    { kind: "false-positives", classId: classIds[1]! },
    { kind: "false-negatives", classId: classIds[2]! },
  ];

  it("is made by an evaluation and answers as a second look at the pixels would", async () => {
    await services.learning.evaluation.detail(project, "run", [mosaicId]);
    expect((await stat(indexPath)).isFile()).toBe(true);
    for (const selection of selections()) {
      const found = await places(selection);
      expect(found.pixels).toBeGreaterThan(0);
      expect(found).toEqual(await readAgain(selection));
      // Another ground, and more than is kept.
      expect(await places(selection, 1)).toEqual(await readAgain(selection, 1));
      expect(await places(selection, 0, 1000)).toEqual(await readAgain(selection, 0, 1000));
    }
  });

  it("is read from its file by the next process, and made again where the file is damaged", async () => {
    await services.learning.evaluation.detail(project, "run", [mosaicId]);
    await services.close();
    const whole = await readFile(indexPath, "utf8");
    const file = JSON.parse(whole) as { found: Record<string, { places: number }> };
    file.found["errors"]!.places = 123_456;
    await writeFile(indexPath, JSON.stringify(file));
    await start();
    expect((await places({ kind: "errors" })).places).toBe(123_456);
    await services.close();
    await writeFile(indexPath, whole.slice(0, whole.length / 2));
    await start();
    expect(await places({ kind: "errors" })).toEqual(await readAgain({ kind: "errors" }));
    expect(await readFile(indexPath, "utf8")).toBe(whole);
  });

  it("is another one once labels are painted, and the old one after an undo", async () => {
    const selection = { kind: "errors" } as const;
    const before = await places(selection);
    const ring: [number, number][] = [
      [10, 20],
      [90, 20],
      [90, 60],
      [10, 60],
    ];
    await project.labels.edit(
      mosaicId,
      {
        name: "polygon",
        parts: [{ paintId: classIds[1]!, shape: { kind: "polygon", rings: [ring] } }],
        rules: { lockedIds: [], onlyUnlabelled: false },
      },
      null,
    );
    const painted = await places(selection);
    expect(painted).not.toEqual(before);
    expect(painted).toEqual(await readAgain(selection));
    await project.labels.undo();
    expect(await places(selection)).toEqual(before);
  });

  it("is still made for those who wait when one of them leaves", async () => {
    await rm(indexPath, { force: true });
    await services.close();
    await start();
    const leaving = new AbortController();
    const left = services.learning.evaluation
      .preparePlaces(project, "run", [mosaicId], { signal: leaving.signal })
      .then(
        () => "stayed",
        () => "left",
      );
    const waiting = places({ kind: "errors" });
    leaving.abort();
    expect(await waiting).toEqual(await readAgain({ kind: "errors" }));
    expect(await left).toBe("left");
  });
});
