import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRaster, RasterError } from "./index.ts";
import { encodeDirectory, encodeHeader, type TagToWrite } from "./write/tiff-encoding.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/rasters");
/** Mutations of each fixture; ten thousand in all with `ORTHOMASK_FUZZ=715`. */
const mutationsEach = Number(process.env["ORTHOMASK_FUZZ"] ?? 12);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orthomask-hostile-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Opens a file and reads a corner of it; returns the error, or null when the file turned out to be readable. */
async function outcome(name: string, bytes: Uint8Array): Promise<unknown> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  const started = performance.now();
  let found: unknown = null;
  try {
    const raster = await openRaster(path);
    try {
      const { width, height } = raster.description;
      const pixelWindow = { x: 0, y: 0, width: Math.min(width, 64), height: Math.min(height, 64) };
      await raster.readWindow({ pixelWindow, bands: [0] });
    } finally {
      await raster.close();
    }
  } catch (error) {
    found = error;
  }
  expect(performance.now() - started, name).toBeLessThan(2000);
  return found;
}

function expectNamed(error: unknown, name: string): void {
  expect(error, name).toBeInstanceOf(RasterError);
  expect((error as RasterError).message).toContain(name);
}

/** A TIFF of one directory whose data begins at byte 8. */
function tiff(tags: TagToWrite[], tail = 64, next = 0): Uint8Array {
  const data = new Uint8Array(tail);
  const directory = encodeDirectory(tags, false, 8 + tail, next);
  return Buffer.concat([encodeHeader(false, 8 + tail), data, directory]);
}

const plain = (changes: Partial<Record<number, number | number[]>> = {}): TagToWrite[] => {
  const values: Record<number, number | number[]> = {
    256: 8,
    257: 8,
    258: 8,
    259: 1,
    262: 1,
    273: 8,
    277: 1,
    278: 8,
    279: 64,
  };
  for (const [number, value] of Object.entries({ ...values, ...changes })) {
    values[Number(number)] = value ?? 0;
  }
  return Object.entries(values).map(([number, value]) => ({
    number: Number(number),
    kind: "long",
    values: Array.isArray(value) ? value : [value],
  }));
};

describe("made to hurt", () => {
  test("the plain file itself is fine", async () => {
    expect(await outcome("plain.tif", tiff(plain()))).toBeNull();
  });

  test.each([
    ["no-size.tif", plain({ 256: 0 }), /expected a width and height/],
    ["huge-size.tif", plain({ 256: 2 ** 31, 257: 2 ** 31 }), /expected a width and height/],
    [
      "huge-strip.tif",
      plain({ 256: 200_000, 257: 200_000, 278: 200_000, 259: 8 }),
      /unsupported: blocks of 200000/,
    ],
    ["huge-tiles.tif", plain({ 322: 2 ** 29, 323: 2 ** 29 }), /unsupported: blocks of/],
    [
      "tiny-tiles.tif",
      plain({ 256: 2 ** 20, 257: 2 ** 20, 322: 1, 323: 1 }),
      /blocks of 1 × 1 pixels, at most/,
    ],
    ["huge-deflate.tif", plain({ 256: 20_000, 257: 20_000, 278: 20_000, 259: 8 }), /381 MB in one piece/],
    ["widened.tif", plain({ 256: 20_000, 257: 20_000, 278: 20_000, 258: 1, 259: 8 }), /381 MB in one piece/],
    ["bomb.tif", plain({ 256: 8000, 257: 8000, 278: 8000, 259: 8 }), /can't hold/],
    ["huge-jpeg.tif", plain({ 256: 8000, 257: 8000, 278: 8000, 259: 7 }), /at most 40 MB is read/],
    ["too-few-strips.tif", plain({ 257: 80 }), /expected the offsets and lengths of 10 blocks, found 1/],
    ["beyond-the-end.tif", plain({ 273: 100_000 }), /cut short/],
    ["short-strip.tif", plain({ 279: 10 }), /should hold 64 bytes/],
    ["many-bands.tif", plain({ 277: 100_000 }), /expected 1 to 4096 bands/],
    ["odd-bits.tif", plain({ 258: 77 }), /unsupported: unsigned samples of 77 bits/],
    ["old-jpeg.tif", plain({ 259: 6 }), /unsupported: old-jpeg/],
    ["no-strips.tif", plain().filter(({ number }) => number !== 273), /does not say where its pixels are/],
  ])("%s", async (name, tags, reason) => {
    const error = await outcome(name, tiff(tags));
    expectNamed(error, name);
    expect((error as RasterError).message).toMatch(reason);
  });

  test("a loop of directories", async () => {
    const error = await outcome("loop.tif", tiff(plain(), 64, 72));
    expectNamed(error, "loop.tif");
    expect((error as RasterError).message).toMatch(/form a loop/);
  });

  test("a tag that declares more than the file holds", async () => {
    const bytes = tiff(plain({ 320: [1, 2, 3] }));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    // The count of ColorMap, the tenth tag.
    view.setUint32(72 + 2 + 9 * 12 + 4, 0xfffffff0, true);
    expectNamed(await outcome("count.tif", bytes), "count.tif");
  });

  test.each([
    ["empty.tif", "", /the file is empty/],
    [
      "text.tif",
      "not an image at all",
      /expected a TIFF, PNG or JPEG image, but the file begins with the text/,
    ],
    ["short.tif", "II*\0", /only 4 bytes/],
    ["header.png", "\x89PNG\r\n\x1a\n", /PNG header/],
    ["start.jpg", "\xff\xd8\xff\xe0nothing", /start\.jpg/],
  ])("%s", async (name, text, reason) => {
    const error = await outcome(name, Buffer.from(text, "latin1"));
    expectNamed(error, name);
    expect((error as RasterError).message).toMatch(reason);
  });

  test("a file that isn't there", async () => {
    await expect(openRaster(join(folder, "nothing.tif"))).rejects.toThrow(
      "nothing.tif: there is no such file",
    );
    await expect(openRaster(folder)).rejects.toThrow("expected a file");
  });
});

describe("texts that make parsers slow", () => {
  const metadata = (text: string): TagToWrite[] => [...plain(), { number: 42112, kind: "ascii", text }];

  test.each([
    ["items.tif", "<Item ".repeat(200_000)],
    ["letters.tif", `<Item ${"a".repeat(1_000_000)}>x</Item>`],
    ["quotes.tif", `<Item name="${'"'.repeat(500_000)}>x</Item>`],
    ["spaces.tif", `<Item ${"a  ".repeat(300_000)}>x</Item>`],
  ])("%s", async (name, text) => {
    await outcome(name, tiff(metadata(text)));
  });
});

describe("damaged", () => {
  const names = [
    "none-strips-pixel",
    "lzw-tiles-band",
    "deflate-strips-pixel",
    "zstd-tiles-pixel",
    "packbits-strips-band",
    "jpeg-ycbcr",
    "webp-alpha",
    "predictor3-float32-big",
    "bigtiff",
    "ccittfax4",
    "mask",
    "overviews",
    "palette",
    "crs-omerc",
  ];

  test.each(names)("%s cut at every 7th byte", async (name) => {
    const bytes = await readFile(join(fixtures, `${name}.tif`));
    for (let length = 0; length < bytes.length; length += 7 + Math.floor(bytes.length / 150)) {
      const error = await outcome("cut.tif", bytes.subarray(0, length));
      if (error !== null) {
        expectNamed(error, "cut.tif");
      }
    }
  });

  test.each(names)("%s with random bytes", async (name) => {
    const original = await readFile(join(fixtures, `${name}.tif`));
    // Park and Miller's generator: the same mutations every time.
    let seed = 20_260_131 + name.length;
    const next = (limit: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % limit;
    };
    for (let round = 0; round < mutationsEach; round += 1) {
      const bytes = new Uint8Array(original);
      for (let change = next(6); change >= 0; change -= 1) {
        // Half of them where the directories are, since that is where structure breaks.
        const at = next(2) === 0 ? next(bytes.length) : next(Math.min(400, bytes.length));
        bytes[at] = next(4) === 0 ? 0xff : next(256);
      }
      const error = await outcome("changed.tif", bytes);
      if (error !== null) {
        expectNamed(error, "changed.tif");
      }
    }
    expect(process.memoryUsage().rss).toBeLessThan(1.5 * 2 ** 30);
  });
});
