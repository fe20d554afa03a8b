import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { buildRasterChild } from "../../../fixtures/build-raster-child.ts";
import { blockEnvironment } from "../environment.ts";
import { openRaster } from "../index.ts";
import { decodedBytesOf } from "../codecs/decode-units.ts";
import { DecodeThreads } from "./decode-threads.ts";
import { SharedArena } from "./shared-arena.ts";
import { SpareMemory } from "./spare-memory.ts";
import { blockFormatOf, readTiffLayout } from "../tiff/layout.ts";
import { readTiffDirectories } from "../tiff/directory.ts";
import { openFileSource } from "../byte-source.ts";

const root = join(import.meta.dirname, "../../..");
const runFile = promisify(execFile);
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
  const arena = new SharedArena(() => 2 ** 20);
  const threads = new DecodeThreads(new SpareMemory({ maxBytes: 0 }), arena, 1);
  const here = new DecodeThreads(new SpareMemory({ maxBytes: 0 }), arena, 1, null);
  const decode = async (bytes: Uint8Array<ArrayBuffer>, where: DecodeThreads): Promise<Uint8Array> => {
    const units = [
      { rows: layout.blockHeight, pieces: [{ from: 0, length: bytes.length, rows: layout.blockHeight }] },
    ];
    const batch = { bytes: bytes.slice(), fill: 0, units };
    const [length = 0] = decodedBytesOf(format, batch);
    const [start = 0] = arena.takeAll([length]) ?? [];
    expect(await where.decode(format, batch, [start])).toBeNull();
    return new Uint8Array(arena.memory, start, length);
  };
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

test.each([
  ["from before there were handshakes", "", /it speaks protocol 0, expected \d+.*npm run build/],
  [
    "that speaks another protocol",
    'parentPort.postMessage({ kind: "ready", protocol: 999 });',
    /it speaks protocol 999, expected \d+.*npm run build/,
  ],
])("a thread %s is an error, not pixels", async (_, greeting, reason) => {
  const folder = await mkdtemp(join(tmpdir(), "orthomask-threads-"));
  const program = join(folder, "decode-thread.mjs");
  // It claims to have filled the samples and leaves them as they are: zeros.
  await writeFile(
    program,
    `import { parentPort } from "node:worker_threads";
    ${greeting}
    parentPort.on("message", ({ id, batch }) => {
      parentPort.postMessage({ id, spent: batch.bytes.buffer, kind: "filled" }, [batch.bytes.buffer]);
    });`,
  );
  const source = await openFileSource(fixture);
  const [directory] = await readTiffDirectories(source);
  if (directory === undefined) {
    throw new Error("the fixture has a directory");
  }
  const layout = await readTiffLayout(source, directory);
  const encoded = await source.read(layout.blockOffsets[0] ?? 0, layout.blockLengths[0] ?? 0);
  await source.close();
  const spare = new SpareMemory({ maxBytes: 0 });
  const threads = new DecodeThreads(spare, new SharedArena(() => 2 ** 20), 1, program);
  const decode = (): Promise<unknown> =>
    threads.decode(
      blockFormatOf(layout),
      {
        bytes: encoded.slice(),
        fill: 0,
        units: [
          {
            rows: layout.blockHeight,
            pieces: [{ from: 0, length: encoded.length, rows: layout.blockHeight }],
          },
        ],
      },
      [0],
    );
  try {
    await expect(decode()).rejects.toThrow(reason);
    await expect(decode()).rejects.toThrow(reason);
    expect(threads.size).toBe(0);
  } finally {
    await threads.close();
    await rm(folder, { recursive: true, force: true });
  }
});

// Node 20 can wait for ever at its end for a thread that is still starting.
test("a program that reads a block, or only looks at a file, ends by itself", async () => {
  const { script, remove } = await buildRasterChild();
  const ends = (...words: string[]): Promise<unknown> =>
    runFile(process.execPath, words, { timeout: 15_000, killSignal: "SIGKILL" });
  // One of one block, and one of several, which are read ahead while the first is decoded.
  const rasters = ["deflate-strips-pixel.tif", "deflate-tiles-pixel.tif"];
  const program = join(root, "scripts/orthomask.mjs");
  try {
    await Promise.all(
      rasters.map(async (name) => {
        const raster = join(root, "fixtures/rasters", name);
        await ends(script, "read", raster);
        if (existsSync(join(root, "out/cli/cli.mjs"))) {
          await ends(program, "info", raster);
        }
      }),
    );
  } finally {
    await remove();
  }
}, 90_000);
