import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { encodeDirectory, encodeHeader, type TagToWrite } from "./write/tiff-encoding.ts";

const answerSchema = z.object({
  files: z.array(
    z.object({
      path: z.string(),
      milliseconds: z.number(),
      peakMegabytes: z.number(),
      error: z.string().nullable(),
    }),
  ),
});

/** Opens each file and reads a corner, in a process of its own with a small cache, and says what memory that took at most. */
const program = `
import { readFileSync, writeFileSync } from "node:fs";
import { runnerImport } from "vite";
const { module } = await runnerImport(process.argv[1]);
module.configureRaster({ cacheBytes: 32 * 2 ** 20 });
const status = (key) => Number(new RegExp(key + ":\\\\s*(\\\\d+)").exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
const { gc } = globalThis;
const files = [];
for (const path of process.argv.slice(2)) {
  // What the files before left resident is not this one's.
  gc();
  writeFileSync("/proc/self/clear_refs", "5");
  const residentBefore = status("VmRSS");
  const started = performance.now();
  let error = null;
  try {
    const raster = await module.openRaster(path);
    const { width, height } = raster.description;
    // Of the images named so the last corner, for which all that stands before has to be decoded.
    const last = path.includes("-to-the-end");
    const size = { width: Math.min(64, width), height: Math.min(64, height) };
    const pixelWindow = { x: last ? width - size.width : 0, y: last ? height - size.height : 0, ...size };
    await raster.readWindow({ pixelWindow, bands: [0] }).finally(() => raster.close());
  } catch (thrown) {
    error = thrown instanceof module.RasterError ? thrown.message : "NOT OURS: " + String(thrown);
  }
  files.push({ path, milliseconds: performance.now() - started, peakMegabytes: status("VmHWM") - residentBefore, error });
}
console.log(JSON.stringify({ files }));
process.exit(0);
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orthomask-bombs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A TIFF of one block: one band of bytes unless the tags say otherwise. */
function oneBlock(
  size: number,
  compression: number,
  block: Uint8Array,
  extra: TagToWrite[] = [],
): Uint8Array {
  const values: Record<number, number> = {
    256: size,
    257: size,
    258: 8,
    259: compression,
    262: 1,
    273: 8,
    277: 1,
    278: size,
    279: block.length,
  };
  const tags: TagToWrite[] = Object.entries(values).map(([number, value]) => ({
    number: Number(number),
    kind: "long",
    values: [value],
  }));
  const padded = Buffer.concat([block, Buffer.alloc(block.length & 1)]);
  const directory = encodeDirectory([...tags, ...extra], false, 8 + padded.length, 0);
  return Buffer.concat([encodeHeader(false, 8 + padded.length), padded, directory]);
}

/** A LERC 2 stream (version 2) of one value: 66 bytes whatever its size. */
function lercOfOneValue(size: number, typeNumber: number): Buffer {
  const bytes = Buffer.alloc(66);
  bytes.write("Lerc2 ", 0, "latin1");
  [2, size, size, size * size, 8, 66, typeNumber].forEach((value, index) => {
    bytes.writeInt32LE(value, 6 + index * 4);
  });
  [0.5, 7, 7].forEach((value, index) => {
    bytes.writeDoubleLE(value, 34 + index * 8);
  });
  return bytes;
}

/** A ZSTD frame (RFC 8878) of zeros in blocks that repeat one byte, four bytes each for 128 KB. */
function zstdOfZeros(length: number): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0]);
  header.writeUInt32LE(length, 5);
  const blocks: Buffer[] = [];
  for (let left = length; left > 0; left -= 131_072) {
    const size = Math.min(left, 131_072);
    const block = Buffer.alloc(4);
    block.writeUIntLE((size << 3) | (1 << 1) | (left === size ? 1 : 0), 0, 3);
    blocks.push(block);
  }
  return Buffer.concat([header, ...blocks]);
}

const plane = (size: number, channels: 1 | 3 = 1): ReturnType<typeof sharp> =>
  sharp({
    create: { width: size, height: size, channels: 3, background: "#102030" },
    limitInputPixels: false,
  }).toColourspace(channels === 1 ? "b-w" : "srgb");

/** A PNG of one bit a pixel, which decode to a byte each; what it declares need not be what it holds. */
function bitmapPng(size: number, data: Uint8Array, interlaced = false): Buffer {
  const chunk = (type: string, content: Uint8Array): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(content.length, 0);
    head.write(type, 4, "latin1");
    return Buffer.concat([head, content, Buffer.alloc(4)]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, interlaced ? 1 : 0]);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", data),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

const zeroBits = (size: number): Buffer => deflateSync(Buffer.alloc(Math.ceil(size / 8 + 4) * size));

/** A small JPEG that declares another size. */
async function declaring(size: number, progressive: boolean): Promise<Buffer> {
  const bytes = await plane(64, 3).jpeg({ progressive }).toBuffer();
  const frame = bytes.indexOf(Buffer.from([0xff, progressive ? 0xc2 : 0xc0]));
  bytes.writeUInt16BE(size, frame + 5);
  bytes.writeUInt16BE(size, frame + 7);
  return bytes;
}

const large = 8000;
const zeros = deflateSync(Buffer.alloc(large * large));

/** What each holds, and the error that it must end in; null where its size is one that is read. */
const bombs: Readonly<Record<string, readonly [make: () => Promise<Uint8Array>, error: RegExp | null]>> = {
  "deflate.tif": [() => Promise.resolve(oneBlock(large, 8, zeros)), null],
  "deflate-too-much.tif": [() => Promise.resolve(oneBlock(64, 8, zeros)), /deflate-too-much\.tif/],
  "zstd.tif": [() => Promise.resolve(oneBlock(large, 50000, zstdOfZeros(large * large))), null],
  "zstd-too-much.tif": [
    () => Promise.resolve(oneBlock(64, 50000, zstdOfZeros(large * large))),
    /zstd-too-much\.tif/,
  ],
  ...Object.fromEntries(
    (["lzw", "packbits"] as const).map((compression) => [
      `${compression}.tif`,
      [
        () =>
          plane(large)
            .tiff({ compression, predictor: "none", tile: true, tileWidth: large, tileHeight: large })
            .toBuffer(),
        null,
      ],
    ]),
  ),
  "jpeg.tif": [
    () => plane(6000).tiff({ compression: "jpeg", tile: true, tileWidth: 6000, tileHeight: 6000 }).toBuffer(),
    null,
  ],
  "jpeg-progressive.tif": [
    async () => oneBlock(6000, 7, await plane(6000).jpeg({ progressive: true }).toBuffer()),
    null,
  ],
  "jpeg-too-large.tif": [
    async () => oneBlock(64, 7, await plane(9000).jpeg({ progressive: true }).toBuffer()),
    /jpeg-too-large\.tif/,
  ],
  "webp-too-large.tif": [
    async () => oneBlock(64, 50001, await plane(2000, 3).webp({ lossless: true, effort: 0 }).toBuffer()),
    /webp-too-large\.tif/,
  ],
  "lerc.tif": [() => Promise.resolve(oneBlock(6000, 34887, lercOfOneValue(6000, 1))), null],
  "lerc-too-large.tif": [
    () => Promise.resolve(oneBlock(64, 34887, lercOfOneValue(40_000, 1))),
    /expected a LERC block of 64 × 64 pixels, found 40000 × 40000/,
  ],
  "lerc-too-wide.tif": [
    () => Promise.resolve(oneBlock(6000, 34887, lercOfOneValue(6000, 7))),
    /of 1 bands of 1 bytes, found 1 of 8/,
  ],
  "lerc-too-many.tif": [
    () => {
      const plane = lercOfOneValue(6000, 1);
      return Promise.resolve(oneBlock(6000, 34887, Buffer.concat(new Array<Buffer>(1000).fill(plane))));
    },
    /expected a LERC block of 1 bands/,
  ],
  "png.png": [() => Promise.resolve(bitmapPng(30_000, zeroBits(30_000))), null],
  "png-to-the-end.png": [() => Promise.resolve(bitmapPng(12_000, zeroBits(12_000))), null],
  "png-empty.png": [
    () => Promise.resolve(bitmapPng(30_000, deflateSync(Buffer.alloc(100)))),
    /png-empty\.png: .* can't hold 30000 × 30000 pixels/,
  ],
  "png-interlaced.png": [() => Promise.resolve(bitmapPng(6900, zeroBits(6900), true)), null],
  "png-interlaced-too-large.png": [
    () => Promise.resolve(bitmapPng(30_000, zeroBits(30_000), true)),
    /too-large\.png: unsupported: its 30000 × 30000 pixels are 859 MB once decoded, and of interlaced PNG images at most 48 MB/,
  ],
  "png-too-large.png": [
    () => Promise.resolve(bitmapPng(40_000, zeroBits(64))),
    /too-large\.png: unsupported: its 40000 × 40000 pixels are 1526 MB once decoded, and of PNG images at most 1024 MB/,
  ],
  "png-too-wide.png": [
    () => Promise.resolve(bitmapPng(2_000_000_000, zeroBits(64))),
    /too-wide\.png: unsupported: a PNG of 2000000000 × /,
  ],
  "jpeg.jpg": [() => plane(12_000, 3).jpeg().toBuffer(), null],
  "jpeg-to-the-end.jpg": [() => plane(9000, 3).jpeg().toBuffer(), null],
  // What its data don't reach is grey, as every reader of libjpeg's shows it.
  "jpeg-empty.jpg": [() => declaring(18_000, false), null],
  "jpeg-progressive.jpg": [() => plane(4700, 3).jpeg({ progressive: true }).toBuffer(), null],
  "jpeg-progressive-too-large.jpg": [
    () => declaring(18_000, true),
    /too-large\.jpg: unsupported: its 18000 × 18000 pixels are 927 MB once decoded, and of progressive JPEG images at most 64 MB/,
  ],
  "jpeg-too-large.jpg": [
    () => declaring(60_000, false),
    /too-large\.jpg: unsupported: its 60000 × 60000 pixels are 10300 MB once decoded, and of JPEG images at most 1024 MB/,
  ],
};

test.skipIf(process.platform !== "linux")(
  "decompression bombs take less than 256 MB and their first pixels two seconds each (skipped where there is no /proc)",
  async () => {
    const paths: string[] = [];
    for (const [name, [make]] of Object.entries(bombs)) {
      const path = join(folder, name);
      await writeFile(path, await make());
      paths.push(path);
    }
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--expose-gc", "--input-type=module", "-e", program, join(import.meta.dirname, "index.ts"), ...paths],
      { cwd: join(import.meta.dirname, "../.."), maxBuffer: 2 ** 24 },
    );
    const { files } = answerSchema.parse(JSON.parse(stdout));
    if (process.env["ORTHOMASK_SHOW"] !== undefined) {
      console.table(files.map((file) => ({ ...file, path: file.path.split("/").at(-1) })));
    }
    for (const { path, milliseconds, peakMegabytes, error } of files) {
      const name = path.split("/").at(-1) ?? "";
      const wanted = bombs[name]?.[1] ?? null;
      if (wanted === null) {
        expect.soft(error, name).toBeNull();
      } else {
        expect.soft(error, name).toMatch(wanted);
      }
      if (!name.includes("-to-the-end")) {
        expect.soft(milliseconds, name).toBeLessThan(2000);
      }
      expect.soft(peakMegabytes, name).toBeLessThan(256);
    }
  },
  180_000,
);
