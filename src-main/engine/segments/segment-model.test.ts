import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { SegmentPrompt } from "#shared/labels/segments-contract.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { createSegments } from "./segment-model.ts";

const SCRIPT = path.resolve(import.meta.dirname, "../../../fixtures/segments/tiny_segment_model.py");
const SIDE = 128;
/** Less high than the frame: what lies below it there must count for nothing. */
const image = { width: 128, height: 96 };
const kinds = ["planes", "pixels", "coarse", "misplaced"] as const;

const point = (x: number, y: number, inside = true): SegmentPrompt => ({ kind: "point", x, y, inside });
const box: SegmentPrompt = { kind: "box", left: 20.2, top: 10, right: 100, bottom: 70.6 };
const prompts: readonly SegmentPrompt[][] = [
  [point(5, 5)],
  [point(5, 5), point(64, 48)],
  [point(5, 5), point(100, 80, false), point(64, 48)],
  [box],
  [box, point(30, 40, false)],
];
/** Whether the mask for all prompts but the last has been asked for before, which those begin with; the model of free size takes none. */
const isBegun = (kind: (typeof kinds)[number], asked: readonly SegmentPrompt[]): boolean =>
  kind !== "pixels" && asked.length === 2;
const sizes = [image, { width: 200, height: 150 }, { width: 61, height: 46 }];

/** Squares of a few colours that are alike by two and two, with grain. */
function drawn(): Uint8Array<ArrayBuffer> {
  const rgba = new Uint8Array(image.width * image.height * 4);
  for (let pixel = 0; pixel < image.width * image.height; pixel++) {
    const column = Math.floor((pixel % image.width) / 16);
    const row = Math.floor(Math.floor(pixel / image.width) / 16);
    const color = (column * 5 + row * 3) % 7;
    const grain = (pixel * 2654435761) % 9;
    rgba.set([color * 36 + grain, 220 - color * 20 - grain, (color % 3) * 80 + grain, 255], pixel * 4);
  }
  return rgba;
}

describe.skipIf(peerPython() === undefined)("a promptable model", () => {
  let folder = "";
  let expected: string[] = [];
  const questions = kinds.flatMap((kind) =>
    prompts.flatMap((asked) => sizes.map((size) => ({ kind, asked, size }))),
  );

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "orthomask-segments-"));
    const rgba = path.join(folder, "image.rgba");
    writeFileSync(rgba, drawn());
    const job = path.join(folder, "job.json");
    const jobs = {
      models: kinds.map((kind) => ({ folder: path.join(folder, kind), side: SIDE, kind })),
      questions: questions.map(({ kind, asked, size }) => ({
        rgba,
        ...image,
        prompts: asked,
        coarse: kind === "coarse",
        begun: isBegun(kind, asked),
        outputWidth: size.width,
        outputHeight: size.height,
      })),
    };
    writeFileSync(job, JSON.stringify(jobs));
    expected = z.array(z.string()).parse(await runPeer(SCRIPT, [job]));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const context = { signal: new AbortController().signal };
  const files = (kind: string): { encoderPath: string; decoderPath: string } => ({
    encoderPath: path.join(folder, kind, "encoder.onnx"),
    decoderPath: path.join(folder, kind, "decoder.onnx"),
  });

  test.each(kinds)("gives the masks that NumPy computes from the pixels (%s)", async (kind) => {
    const segments = createSegments();
    const frame = await segments.open(files(kind), context);
    expect(frame.fill).toBe(kind === "pixels" ? "image" : "whole");
    const { imageId } = await segments.look({ rgba: drawn(), ...image }, context);
    for (const [index, question] of questions.entries()) {
      if (question.kind !== kind) {
        continue;
      }
      const { mask, score } = await segments.find(
        { imageId, prompts: question.asked, outputSize: question.size },
        context,
      );
      expect(score).toBeCloseTo(0.75);
      const different = mask.filter(
        (pixel, place) => String(pixel) !== expected[index]?.charAt(place),
      ).length;
      expect(expected[index]).toHaveLength(mask.length);
      expect({ ...question, different }).toEqual({ ...question, different: 0 });
      // An answer of one colour would agree with much.
      expect(mask).toContain(1);
      expect(mask).toContain(0);
    }
  });

  test("finds the same again when a click is taken back", async () => {
    const segments = createSegments();
    await segments.open(files("planes"), context);
    const { imageId } = await segments.look({ rgba: drawn(), ...image }, context);
    const find = (asked: SegmentPrompt[]): ReturnType<typeof segments.find> =>
      segments.find({ imageId, prompts: asked, outputSize: image }, context);
    const first = await find([point(5, 5)]);
    const both = await find([point(5, 5), point(5, 5, false)]);
    expect(both.mask).not.toEqual(first.mask);
    expect(await find([point(5, 5)])).toEqual(first);
    expect(await find([point(5, 5), point(5, 5, false)])).toEqual(both);
  });

  test("says which input was expected of which file", async () => {
    const segments = createSegments();
    const { encoderPath, decoderPath } = files("planes");
    const refused = async (encoder: string, decoder: string): Promise<string> => {
      try {
        await segments.open({ encoderPath: encoder, decoderPath: decoder }, context);
        return "";
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    };
    expect(await refused(decoderPath, encoderPath)).toMatch(
      /^decoder\.onnx: an image encoder with one input, .+ was expected, but it has the inputs image_embeddings \[1, 3, 128, 128\] float32, point_coords/,
    );
    expect(await refused(encoderPath, encoderPath)).toMatch(
      /^encoder\.onnx: a prompt decoder with the inputs image_embeddings, point_coords and point_labels .+ but it has the inputs image \[1, 3, 128, 128\] float32/,
    );
    const text = path.join(folder, "notes.onnx");
    writeFileSync(text, "no model");
    expect(await refused(text, decoderPath)).toMatch(/^notes\.onnx: an ONNX model was expected, but/);
    // A refused pair leaves nothing open.
    await expect(segments.look({ rgba: drawn(), ...image }, context)).rejects.toThrow(
      "No promptable model has been opened.",
    );
  });

  test("forgets the oldest of many images, and says so", async () => {
    const segments = createSegments();
    await segments.open(files("planes"), context);
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) {
      ids.push((await segments.look({ rgba: drawn(), ...image }, context)).imageId);
    }
    const asked = { prompts: [point(5, 5)], outputSize: image };
    await expect(segments.find({ imageId: ids[0] ?? "", ...asked }, context)).rejects.toThrow("too long ago");
    expect((await segments.find({ imageId: ids[1] ?? "", ...asked }, context)).mask).toContain(1);
  });
});
