import { join } from "node:path";
import { expect, test } from "vitest";
import { blockEnvironment } from "../environment.ts";
import { openRaster } from "../index.ts";
import { DecodeThreads } from "./decode-threads.ts";
import { SharedArena } from "./shared-arena.ts";
import { SpareMemory } from "./spare-memory.ts";
import { blockFormatOf, readTiffLayout } from "../tiff/layout.ts";
import { readTiffDirectories } from "../tiff/directory.ts";
import { openFileSource } from "../byte-source.ts";

const fixture = join(import.meta.dirname, "../../../fixtures/rasters/deflate-strips-pixel.tif");

test("compressed blocks are decoded in threads, not in this one", async () => {
  const before = blockEnvironment.threads.batchesDecoded;
  const raster = await openRaster(fixture);
  await raster.readWindow({ pixelWindow: { x: 0, y: 0, width: 8, height: 8 }, bands: [0] });
  await raster.close();
  expect(blockEnvironment.threads.batchesDecoded).toBeGreaterThan(before);
  expect(blockEnvironment.threads.size).toBeGreaterThan(0);
});

test("damaged data is an error and the thread lives on; without the program, this thread decodes", async () => {
  const source = await openFileSource(fixture);
  const [directory] = await readTiffDirectories(source);
  if (directory === undefined) {
    throw new Error("the fixture has a directory");
  }
  const layout = await readTiffLayout(source, directory);
  const format = blockFormatOf(layout);
  const encoded = await source.read(layout.blockOffsets[0] ?? 0, layout.blockLengths[0] ?? 0);
  await source.close();
  const threads = new DecodeThreads(new SpareMemory({ maxBytes: 0 }), new SharedArena(() => 2 ** 20), 1);
  const here = new DecodeThreads(new SpareMemory({ maxBytes: 0 }), new SharedArena(() => 2 ** 20), 1, null);
  const decode = (bytes: Uint8Array<ArrayBuffer>, where: DecodeThreads): Promise<unknown> =>
    where.decode(format, {
      bytes: bytes.slice(),
      fill: 0,
      units: [
        { rows: layout.blockHeight, pieces: [{ from: 0, length: bytes.length, rows: layout.blockHeight }] },
      ],
    });
  try {
    await expect(decode(encoded.subarray(0, 9), threads)).rejects.toThrow(/compressed/);
    const decoded = await decode(encoded, threads);
    expect(decoded).toEqual(await decode(encoded, here));
    expect(here.size).toBe(0);
    await threads.close();
    // A pool whose threads were ended starts new ones.
    expect(await decode(encoded, threads)).toEqual(decoded);
  } finally {
    await threads.close();
  }
});
