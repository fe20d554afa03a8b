import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RasterError } from "../../raster-error.ts";
import { groupRings } from "./group-rings.ts";
import { openVectors } from "./open-vectors.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-bombs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Unlike a clock it doesn't count what others do on the machine. */
function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Reads all there is; answers the sentence of a refusal, and that it came soon. */
async function refusal(name: string, bytes: Uint8Array | string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return refusalOf(file);
}

async function refusalOf(file: string): Promise<string> {
  const began = processorMilliseconds();
  try {
    const opened = await openVectors(file);
    try {
      for (const layer of opened.layers) {
        for await (const { geometry } of layer.features()) {
          expect(geometry).toBeDefined();
        }
      }
    } finally {
      await opened.close();
    }
  } catch (error) {
    expect(error).toBeInstanceOf(RasterError);
    expect(processorMilliseconds() - began).toBeLessThan(2000);
    return (error as RasterError).message;
  }
  return "it was read";
}

/** Little-endian numbers at their places. */
function bytesOf(
  size: number,
  numbers: { readonly u16?: Record<number, number>; readonly u32?: Record<number, number> },
): Buffer {
  const bytes = Buffer.alloc(size);
  Object.entries(numbers.u16 ?? {}).forEach(([at, value]) => bytes.writeUInt16LE(value, Number(at)));
  Object.entries(numbers.u32 ?? {}).forEach(([at, value]) => bytes.writeUInt32LE(value, Number(at)));
  return bytes;
}

it("a FlatGeobuf whose parts all are one table is refused", async () => {
  // A root of one byte field: MultiPolygon for the whole layer.
  const header = bytesOf(24, { u32: { 0: 16, 16: 12 }, u16: { 4: 10, 6: 8, 12: 4 } });
  header[20] = 6;
  const [parts, doubles] = [10_000, 20_000];
  const table = 52 + parts * 4 + 8;
  const feature = bytesOf(table + 12 + doubles * 8, {
    // The feature's geometry, its list of parts, and the positions of the one part.
    u32: { 0: 12, 12: 8, 16: 24, 40: 20, 44: 4, 48: parts, [table]: 8, [table + 4]: 4, [table + 8]: doubles },
    u16: { 4: 6, 6: 8, 8: 4, 20: 20, 22: 8, 38: 4, [table - 8]: 8, [table - 6]: 8, [table - 2]: 4 },
  });
  for (let part = 0; part < parts; part++) {
    const slot = 52 + part * 4;
    feature.writeUInt32LE(table - slot, slot);
  }
  const sized = (bytes: Buffer): Buffer[] => [bytesOf(4, { u32: { 0: bytes.length } }), bytes];
  const magic = Buffer.from("fgb\x03fgb\x00", "latin1");
  expect(await refusal("shared.fgb", Buffer.concat([magic, ...sized(header), ...sized(feature)]))).toMatch(
    /feature 1 is cut short or damaged: its parts take more than all of its bytes/,
  );
});

describe("a database", () => {
  /** With one leaf page as its schema: `cells` pointers to one row that says how long it is. */
  function database(options: {
    readonly pageBytes: number;
    readonly pages: number;
    readonly cells: number;
    readonly rowBytes: number;
    readonly localBytes: number;
  }): Buffer {
    const { pageBytes, pages, cells, rowBytes, localBytes } = options;
    const bytes = Buffer.alloc(pageBytes * pages);
    bytes.write("SQLite format 3\0", "latin1");
    bytes.writeUInt16BE(pageBytes === 65_536 ? 1 : pageBytes, 16);
    bytes.writeUInt32BE(1, 56);
    bytes[100] = 0x0d;
    bytes.writeUInt16BE(cells, 103);
    const length = [28, 21, 14, 7, 0].map((shift) => ((rowBytes >>> shift) & 127) | (shift > 0 ? 128 : 0));
    const place = pageBytes - localBytes - length.length - 1 - 4;
    for (let cell = 0; cell < cells; cell++) {
      bytes.writeUInt16BE(place, 108 + cell * 2);
    }
    bytes.set([...length, 1, 1], place);
    // Both the row's next page and that page's next are the second one.
    bytes.writeUInt32BE(2, pageBytes - 4);
    if (pages > 1) {
      bytes.writeUInt32BE(2, pageBytes);
    }
    return bytes;
  }

  /** Section 1.6 of the format. */
  function local(pageBytes: number, rowBytes: number): number {
    const least = Math.floor(((pageBytes - 12) * 32) / 255) - 23;
    const fitting = least + ((rowBytes - least) % (pageBytes - 4));
    return fitting <= pageBytes - 35 ? fitting : least;
  }

  it("whose row is larger than all of its pages is refused", async () => {
    const [pageBytes, rowBytes] = [512, 60_000_000];
    const localBytes = local(pageBytes, rowBytes);
    const bytes = database({ pageBytes, pages: 2, cells: 1, rowBytes, localBytes });
    expect(await refusal("large.gpkg", bytes)).toMatch(/60000000 bytes are more than the pages/);
  });

  it("whose row leads back into itself is refused", async () => {
    const [pageBytes, rowBytes] = [512, 20_000];
    const localBytes = local(pageBytes, rowBytes);
    const bytes = database({ pageBytes, pages: 100, cells: 1, rowBytes, localBytes });
    expect(await refusal("loop.gpkg", bytes)).toMatch(/its bytes lead back to page 2/);
  });

  it("whose rows are all one is refused", async () => {
    const [pageBytes, rowBytes] = [65_536, 30_000];
    const bytes = database({ pageBytes, pages: 1, cells: 15_000, rowBytes, localBytes: rowBytes });
    expect(await refusal("over.gpkg", bytes)).toMatch(/rows in page 1 that lie over each other/);
  });
});

it.each([".prj", ".cpg"])(
  "a %s file beside a shapefile that is no line of text is refused",
  async (ending) => {
    const shapes = Buffer.alloc(100);
    shapes.writeInt32BE(9994, 0);
    const name = `long-${ending.slice(1)}`;
    await writeFile(path.join(folder, `${name}.shp`), shapes);
    await writeFile(path.join(folder, `${name}${ending}`), Buffer.alloc(70_000, "x"));
    expect(await refusalOf(path.join(folder, `${name}.shp`))).toMatch(
      /expected a line of text, at most 65536 bytes, found 70000 bytes/,
    );
  },
);

describe("rings of one record", () => {
  const square = (x: number, y: number, side: number, isHole: boolean): Float64Array<ArrayBuffer> => {
    const ring = [x, y, x, y + side, x + side, y + side, x + side, y, x, y];
    return Float64Array.from(isHole ? [0, 4, 3, 2, 1].flatMap((at) => ring.slice(at * 2, at * 2 + 2)) : ring);
  };

  /** A dissolved layer: one polygon with a jagged edge round all, holes in it, and in each hole an island with a lake. */
  function dissolved(across: number): Float64Array<ArrayBuffer>[] {
    const size = across * 10;
    const jagged: number[] = [0, 0, 0, size];
    for (let x = 0; x <= size; x += 0.5) {
      jagged.push(x, size + (x % 1 === 0 ? 5 : 1));
    }
    const rings = [Float64Array.from([...jagged, size, 0, 0, 0])];
    for (let cell = 0; cell < across * across; cell++) {
      const [x, y] = [(cell % across) * 10, Math.floor(cell / across) * 10];
      rings.push(
        square(x + 1, y + 1, 8, true),
        square(x + 2, y + 2, 6, false),
        square(x + 3, y + 3, 4, true),
      );
    }
    return rings;
  }

  it("come together as polygons soon, while others have their turns", async () => {
    const across = 60;
    const rings = dissolved(across);
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 10);
    const began = processorMilliseconds();
    const polygons = await groupRings(rings);
    const took = processorMilliseconds() - began;
    clearInterval(timer);
    expect(took).toBeLessThan(5000);
    expect(took < 100 || turns > 0).toBe(true);
    expect(polygons).toHaveLength(1 + across * across);
    expect(polygons[0]).toHaveLength(1 + across * across);
    for (const [exterior, ...holes] of polygons.slice(1)) {
      expect(holes.map((hole) => [hole[0], hole[1]])).toEqual([[exterior![0]! + 1, exterior![1]! + 1]]);
    }
  });

  it("are given up when they are no longer wanted", async () => {
    const signal = AbortSignal.timeout(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(groupRings(dissolved(20), { signal })).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
