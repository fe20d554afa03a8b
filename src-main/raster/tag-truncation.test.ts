import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRaster, RasterError } from "./index.ts";
import { directoryBytes, encodeDirectory, encodeHeader, type TagToWrite } from "./write/tiff-encoding.ts";

const side = 64;
const blockSide = 16;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orthomask-tags-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** An uncompressed file of one band whose directory stands before its pixels, and where each tag and each value beside the directory begins and ends. */
function fileWithBoundaries(bigTiff: boolean, tiled: boolean): { bytes: Buffer; boundaries: number[] } {
  const blocks = tiled ? (side / blockSide) ** 2 : side / blockSide;
  const blockBytes = tiled ? blockSide ** 2 : blockSide * side;
  const headerBytes = bigTiff ? 16 : 8;
  const tagsAt = (firstBlock: number): TagToWrite[] => {
    const offsets = Array.from({ length: blocks }, (_, index) => firstBlock + index * blockBytes);
    const lengths = new Array<number>(blocks).fill(blockBytes);
    const numbers: [number, number][] = [
      [256, side],
      [257, side],
      [258, 8],
      [259, 1],
      [262, 1],
      [277, 1],
      ...(tiled
        ? ([
            [322, blockSide],
            [323, blockSide],
          ] as [number, number][])
        : ([[278, blockSide]] as [number, number][])),
    ];
    return [
      ...numbers.map(([number, value]): TagToWrite => ({ number, kind: "short", values: [value] })),
      { number: tiled ? 324 : 273, kind: "offset", values: offsets },
      { number: tiled ? 325 : 279, kind: "long", values: lengths },
      { number: 33550, kind: "double", values: [2, 2, 0] },
      { number: 33922, kind: "double", values: [0, 0, 0, 500_000, 4_000_000, 0] },
      { number: 42113, kind: "ascii", text: "255 is no value" },
    ];
  };
  const firstBlock = headerBytes + directoryBytes(tagsAt(0), bigTiff);
  const tags = tagsAt(firstBlock);
  const directory = encodeDirectory(tags, bigTiff, headerBytes, 0);
  const bytes = Buffer.concat([
    encodeHeader(bigTiff, headerBytes),
    directory,
    Buffer.alloc(blocks * blockBytes, 7),
  ]);
  const entryBytes = bigTiff ? 20 : 12;
  const firstEntry = headerBytes + (bigTiff ? 8 : 2);
  const boundaries = new Set([0, headerBytes, firstEntry, firstBlock, firstBlock + blockBytes]);
  const widths: Readonly<Record<number, number>> = { 2: 1, 3: 2, 4: 4, 12: 8, 16: 8 };
  for (let index = 0; index <= tags.length; index += 1) {
    const at = firstEntry + index * entryBytes;
    boundaries.add(at);
    if (index === tags.length) {
      break;
    }
    const count = bigTiff ? Number(bytes.readBigUInt64LE(at + 4)) : bytes.readUInt32LE(at + 4);
    const length = count * (widths[bytes.readUInt16LE(at + 2)] ?? 0);
    if (length > (bigTiff ? 8 : 4)) {
      const valueAt = bigTiff ? Number(bytes.readBigUInt64LE(at + 12)) : bytes.readUInt32LE(at + 8);
      boundaries.add(valueAt).add(valueAt + length);
    }
  }
  boundaries.add(firstEntry + tags.length * entryBytes + (bigTiff ? 8 : 4));
  return { bytes, boundaries: [...boundaries].sort((first, second) => first - second) };
}

async function read(path: string): Promise<void> {
  const raster = await openRaster(path);
  await raster
    .readWindow({ pixelWindow: { x: 0, y: 0, width: side, height: side }, bands: [0] })
    .finally(() => raster.close());
}

test.each([
  ["classic, tiles", false, true],
  ["classic, strips", false, false],
  ["BigTIFF, tiles", true, true],
  ["BigTIFF, strips", true, false],
])("%s, cut where a tag or its values begin or end", async (name, bigTiff, tiled) => {
  const { bytes, boundaries } = fileWithBoundaries(bigTiff, tiled);
  const path = join(folder, `${name}.tif`);
  await writeFile(path, bytes);
  await read(path);
  // 13 or 12 tags, and at least the five whose values stand beside the directory.
  expect(boundaries.length).toBeGreaterThan(20);
  for (const boundary of boundaries) {
    for (const length of [boundary - 1, boundary, boundary + 1].filter((cut) => cut >= 0)) {
      await writeFile(path, bytes.subarray(0, length));
      const started = performance.now();
      // The pixels stand last, so that no cut leaves all of them.
      const error = await read(path).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error, `cut at ${length}`).toBeInstanceOf(RasterError);
      expect((error as RasterError).message).toMatch(new RegExp(`^${name}\\.tif: .{10}`));
      expect(performance.now() - started, `cut at ${length}`).toBeLessThan(2000);
    }
  }
});
