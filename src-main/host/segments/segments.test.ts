import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SegmentPrompt } from "#shared/labels/segments-contract.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { segmentsEngine } from "../../../fixtures/segments/segments-engine.ts";
import type { TileRequest } from "../rasters/index.ts";
import { Segments } from "./index.ts";
import { fittedSize, promptInImage } from "./view-geometry.ts";

const SCRIPT = path.resolve(import.meta.dirname, "../../../fixtures/segments/tiny_segment_model.py");

describe("a view's geometry", () => {
  test("fits windows into a frame, whole pixels and no less than one", () => {
    expect(fittedSize({ width: 400, height: 200 }, { width: 128, height: 128 })).toEqual({
      width: 128,
      height: 64,
    });
    expect(fittedSize({ width: 2, height: 9000 }, { width: 128, height: 128 })).toEqual({
      width: 1,
      height: 128,
    });
  });

  test("carries prompts from the mosaic's pixels into the image's", () => {
    const window = { x: 1000, y: 500, width: 400, height: 200 };
    const size = { width: 100, height: 50 };
    const at = promptInImage({ kind: "point", x: 1040, y: 580, inside: false }, window, size);
    expect(at).toEqual({ kind: "point", x: 10, y: 20, inside: false });
    const box = promptInImage({ kind: "box", left: 1000, top: 500, right: 1400, bottom: 700 }, window, size);
    expect(box).toEqual({ kind: "box", left: 0, top: 0, right: 100, bottom: 50 });
  });
});

describe.skipIf(peerPython() === undefined)("segments in the host (skipped without the Python peers)", () => {
  let folder = "";
  let segments: Segments;
  let service: ReturnType<Segments["implementation"]>;
  let engine: ReturnType<typeof segmentsEngine>;
  let tiles: TileRequest[] = [];
  const context = { signal: new AbortController().signal };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "orthomask-host-segments-"));
    const job = path.join(folder, "job.json");
    writeFileSync(job, JSON.stringify({ models: [{ folder, side: 64, kind: "planes" }] }));
    await runPeer(SCRIPT, [job]);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    engine = segmentsEngine();
    tiles = [];
    segments = new Segments({
      launcher: engine.launcher,
      dataDirectory: mkdtempSync(path.join(folder, "data-")),
      files: { resolveFile: (fileId) => Promise.resolve(path.join(folder, `${fileId}.onnx`)) },
      tile: (request) => {
        tiles.push(request);
        const { width, height } = request.size;
        // The left half is dark, the right one light.
        const data = new Uint8Array(width * height * 4).map((_, index) =>
          index % 4 === 3 ? 255 : Math.floor(index / 4) % width < width / 2 ? 20 : 200,
        );
        return Promise.resolve({ layout: "rgba", width, height, data });
      },
    });
    service = segments.implementation();
    await service.choose({ encoderFileId: "encoder", decoderFileId: "decoder" }, context);
  });
  afterEach(() => segments.close());

  const view = (x: number): Parameters<typeof service.look>[0] => ({
    projectId: "project",
    mosaicId: "mosaic",
    pixelWindow: { x, y: 0, width: 256, height: 128 },
  });
  const dark: SegmentPrompt = { kind: "point", x: 20, y: 20, inside: true };
  const light: SegmentPrompt = { kind: "point", x: 250, y: 100, inside: true };
  const size = { width: 32, height: 16 };

  test("encodes a window once, whoever asks for it and when", async () => {
    const [first, second] = await Promise.all([
      service.look(view(0), context),
      service.look(view(0), context),
    ]);
    expect(second).toEqual(first);
    await service.look(view(256), context);
    expect(await service.look(view(0), context)).toEqual(first);
    expect(engine.asked).toEqual(["open", "look", "look"]);
    expect(tiles.map(({ pixelWindow, size: read }) => [pixelWindow.x, read.width, read.height])).toEqual([
      [0, 64, 32],
      [256, 64, 32],
    ]);
  });

  test("goes on from the last mask with each further click", async () => {
    const { viewId } = await service.look(view(0), context);
    const find = async (...prompts: SegmentPrompt[]): Promise<readonly number[]> =>
      [...(await service.find({ viewId, prompts, size }, context)).mask].slice(0, 32);
    const half = (left: number, right: number): number[] =>
      Array.from({ length: 32 }, (_, column) => (column < 16 ? left : right));
    // Never asked for the dark half alone, the model takes both; with its mask to begin with, which weighs double, it doesn't.
    expect(await find(dark, light)).toEqual(half(1, 1));
    expect(await find(dark)).toEqual(half(1, 0));
    expect(await find(dark, light)).toEqual(half(1, 0));
    expect(engine.asked.filter((method) => method === "look")).toHaveLength(1);
  });

  test("says that a view has to be encoded again when it was let go of", async () => {
    const { viewId } = await service.look(view(0), context);
    for (let column = 1; column <= 4; column++) {
      await service.look(view(column * 256), context);
    }
    await expect(service.find({ viewId, prompts: [dark], size }, context)).rejects.toMatchObject({
      code: "not-found",
    });
  });
});
