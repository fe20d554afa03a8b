import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawFolder, drawMosaic } from "../../../fixtures/learning/draw-folder.ts";
import { addPredictedRun } from "../../../fixtures/learning/predicted-run.ts";
import { testHostOptions } from "../../../fixtures/test-host-options.ts";
import type { Tile, TileSource } from "#shared/contract.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { Judged } from "#shared/metrics/evaluated-ground.ts";
import type { Project } from "../projects/index.ts";
import { keepGround } from "../runs/index.ts";
import { createServices, type Services } from "../services.ts";
import { Tiles } from "./index.ts";

const WIDTH = 1300;
const HEIGHT = 700;

/** Pairs of true and predicted ids that a tile holds, row-major. */
type Pairs = readonly (readonly [number, number])[];

describe("labels beside what is held against them", () => {
  let folder: string;
  let services: Services;
  let project: Project;
  let mosaicId: string;
  let tiles: Tiles;
  let truth: Uint8Array;
  let counted: ReadonlySet<number>;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "orthomask-compared-"));
    await drawFolder(folder, [drawMosaic("a", WIDTH, HEIGHT, 3)]);
    services = createServices(testHostOptions(path.join(folder, ".host")));
    project = await services.projects.open(folder);
    await project.counted();
    mosaicId = project.snapshot().mosaics[0]!.id;
    const { learning } = services;
    tiles = new Tiles({
      projects: services.projects,
      predictions: learning,
      comparisons: learning.evaluation,
    });
    await addPredictedRun(services, project, { id: "right", share: 1 });
    const { directory } = await addPredictedRun(services, project, { id: "wrong", share: 0.7 });
    const ring: [number, number][] = [
      [320, 90],
      [640, 200],
      [400, 500],
    ];
    await keepGround(directory, {
      areas: [{ mosaicId, part: "validation", shape: { kind: "polygon", ring } }],
      ...{ rest: "training", guardMeters: 0 },
    });
    const whole = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
    truth = await project.readLabels(mosaicId, { pixelWindow: whole });
    counted = new Set(
      project
        .snapshot()
        .classes.filter(({ ignore }) => !ignore)
        .map(({ id }) => id),
    );
  }, 60_000);

  afterAll(async () => {
    await services.close();
    await rm(folder, { recursive: true, force: true });
  });

  const tile = (source: TileSource, pixelWindow: PixelWindow, width: number, height = width): Promise<Tile> =>
    tiles.tile(
      { projectId: project.id, mosaicId, source, pixelWindow, size: { width, height } },
      { signal: new AbortController().signal },
    );

  const pairs = async (judged: Judged, pixelWindow: PixelWindow, side: number): Promise<Pairs> => {
    const { data } = await tile({ kind: "comparison", judged }, pixelWindow, side);
    return Array.from({ length: side * side }, (_, pixel) => [data[pixel * 2]!, data[pixel * 2 + 1]!]);
  };

  const run = (runId: string, borderTolerancePixels = 0): Judged => ({
    ...{ kind: "run", runId, borderTolerancePixels },
    within: null,
  });

  const isWrong = ([trueId, predictedId]: readonly [number, number]): boolean => trueId !== predictedId;

  it("has no error anywhere where the prediction is right everywhere, however far it is zoomed out", async () => {
    for (const [zoomedOut, side] of [
      [1, 256],
      [2, 256],
      [3, 200],
      [8, 160],
      [32, 41],
    ] as const) {
      const pixelWindow = { x: -30, y: -20, width: side * zoomedOut, height: side * zoomedOut };
      const found = await pairs(run("right"), pixelWindow, side);
      expect(found.filter(([trueId]) => counted.has(trueId)).length).toBeGreaterThan(300);
      expect(found.filter(isWrong)).toEqual([]);
    }
  });

  it("shows the pixels in the middle of its own, of both alike, so that as much of it is wrong as of the ground", async () => {
    const whole = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
    const grid = (await services.learning.readPrediction(project.id, mosaicId, "wrong"))!;
    const { ids: predicted } = await grid.readWindow({ pixelWindow: whole });
    const [zoomedOut, side] = [5, 140];
    const found = await pairs(
      run("wrong"),
      { x: 0, y: 0, width: side * zoomedOut, height: side * zoomedOut },
      side,
    );
    const expected = Array.from({ length: side * side }, (_, pixel) => {
      const at = (Math.floor(pixel / side) * zoomedOut + 2) * WIDTH + (pixel % side) * zoomedOut + 2;
      return counted.has(truth[at]!) && counted.has(predicted[at]!)
        ? [truth[at]!, predicted[at]!]
        : [255, 255];
    });
    expect(found.join(" ")).toBe(expected.join(" "));
    const shareOf = (all: Pairs): number =>
      all.filter(isWrong).length / all.filter(([trueId]) => trueId !== 255).length;
    const ground = Array.from(truth, (trueId, at) => [trueId, predicted[at]!] as const).filter(
      ([trueId, predictedId]) => counted.has(trueId) && counted.has(predictedId),
    );
    // Three standard errors of a sample of this size.
    expect(Math.abs(shareOf(found) - shareOf(ground))).toBeLessThan(3 * Math.sqrt(0.25 / found.length));
  });

  it("leaves out borders and other ground as the numbers do", async () => {
    const judged = { ...run("wrong", 2), within: { kind: "run", part: "validation" } } as const;
    const { report } = await services.learning.evaluation.detail(project, "wrong", [mosaicId], {
      borderTolerancePixels: 2,
      within: judged.within,
    });
    const { data } = await tile(
      { kind: "comparison", judged },
      { x: 0, y: 0, width: 650, height: 700 },
      650,
      700,
    );
    const indexOf = new Map(report.classes.map(({ id }, index) => [id, index]));
    const confusion = report.confusion.map((row) => row.map(() => 0));
    for (let at = 0; at < data.length; at += 2) {
      const [row, column] = [indexOf.get(data[at]!), indexOf.get(data[at + 1]!)];
      if (row !== undefined && column !== undefined) {
        confusion[row]![column]! += 1;
      }
    }
    // All of the validation ground lies in this half.
    expect(trace(confusion)).toBeGreaterThan(1000);
    expect(confusion).toEqual(report.confusion);
  });

  it("is shown of masks from elsewhere too, with their values as they are meant, and their places are those of the matrix", async () => {
    const [one, other] = [...counted];
    const masks = path.join(folder, "elsewhere");
    // A value of another program stands for one class, and a corner is wrong.
    const ids = truth.map((id, pixel) =>
      pixel % WIDTH < 200 && pixel < 150 * WIDTH ? other! : id === one ? 77 : id,
    );
    await sharp(ids, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toFile(`${masks}.png`);
    const evaluated = services.learning.evaluation.masks;
    const set = await evaluated.judge(project, `${masks}.png`, {
      ...{ mapping: { "77": one! }, otherGrids: "refuse", mosaicIds: null, borderTolerancePixels: 0 },
    });
    const { detail } = await evaluated.count(project, set);
    const { report } = detail;
    const wrong = report.confusion.flat().reduce((sum, count) => sum + count, 0) - trace(report.confusion);
    expect(wrong).toBeGreaterThan(10_000);

    const judged = { kind: "masks", masksId: set.id } as const;
    const zoomedOut = await pairs(judged, { x: 200, y: 0, width: 1040, height: 1040 }, 130);
    expect(zoomedOut.filter(([trueId]) => trueId === one).length).toBeGreaterThan(1000);
    expect(zoomedOut.filter(isWrong)).toEqual([]);
    const corner = await pairs(judged, { x: 0, y: 0, width: 200, height: 200 }, 200);
    expect(corner.filter(isWrong)).toHaveLength(wrong);
    const shown = await tile({ kind: "masks", masksId: set.id }, { x: 200, y: 200, width: 9, height: 9 }, 9);
    expect(shown.layout).toBe("classes");
    expect([...shown.data]).toEqual(
      Array.from({ length: 81 }, (_, at) => truth[(200 + Math.floor(at / 9)) * WIDTH + 200 + (at % 9)]),
    );

    const found = await evaluated.places(project, set, { selection: { kind: "errors" }, most: 10 });
    expect(found.pixels).toBe(wrong);
    expect(found.largest[0]!.anchor[0]).toBeLessThan(200);
    // More than the index keeps are looked for in the pixels.
    expect(await evaluated.places(project, set, { selection: { kind: "errors" }, most: 1000 })).toMatchObject(
      { pixels: wrong, places: found.places },
    );
    expect(() => evaluated.get(project.id, "forgotten")).toThrow("compare them with the labels again");
  });
});

function trace(matrix: readonly (readonly number[])[]): number {
  return matrix.reduce((sum, row, at) => sum + row[at]!, 0);
}
