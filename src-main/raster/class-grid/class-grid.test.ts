import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as zarr from "zarrita";
import { ClassGrid } from "../index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orthomask-grid-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Files as zarrita wants them. */
const store = (root: string): zarr.AsyncReadable => ({
  get: async (key) => {
    try {
      return new Uint8Array(await readFile(join(root, key)));
    } catch {
      return undefined;
    }
  },
});

const grid = (): Promise<ClassGrid> =>
  ClassGrid.create(join(folder, "grid"), { width: 1300, height: 700, confidence: true });

describe("a class grid", () => {
  test("gives back what was written across chunks, 255 elsewhere and outside", async () => {
    const made = await grid();
    const ids = Uint8Array.from({ length: 40 * 30 }, (_, index) => index % 7);
    await made.writeWindow({ x: 500, y: 495, width: 40, height: 30 }, ids, ids);
    await made.flush();
    const again = await ClassGrid.open(join(folder, "grid"));
    expect(again).toMatchObject({ width: 1300, height: 700, hasConfidence: true });
    const same = await again.readWindow({ pixelWindow: { x: 500, y: 495, width: 40, height: 30 } });
    expect(same.ids).toEqual(ids);
    expect(same.confidence).toEqual(ids);
    const around = await again.readWindow({ pixelWindow: { x: 499, y: 495, width: 2, height: 1 } });
    expect([...around.ids]).toEqual([255, 0]);
    const beyond = await again.readWindow({ pixelWindow: { x: 1299, y: 699, width: 2, height: 2 } });
    expect([...beyond.ids]).toEqual([255, 255, 255, 255]);
    expect([...(beyond.confidence ?? [])]).toEqual([0, 0, 0, 0]);
  });

  test("lets go of what it has read once others are read", async () => {
    const made = await grid();
    const [pixelWindow, ids] = [{ x: 0, y: 0, width: 2, height: 1 }, Uint8Array.of(4, 5)];
    await made.writeWindow(pixelWindow, ids, ids);
    await made.flush();
    await rm(join(folder, "grid/ids/0/c/0/0"));
    const read = async (): Promise<number[]> => [...(await made.readWindow({ pixelWindow })).ids];
    // Kept in memory, whatever becomes of the file.
    expect(await read()).toEqual([4, 5]);
    const others = await Promise.all(
      ["first", "second", "third"].map((name) =>
        ClassGrid.create(join(folder, name), { width: 12 * 512, height: 12 * 512 }),
      ),
    );
    for (const other of others) {
      for (let y = 0; y < other.height; y += 512) {
        await other.readWindow({ pixelWindow: { x: 0, y, width: other.width, height: 512 } });
      }
    }
    expect(await read()).toEqual([255, 255]);
  });

  test("keeps coarser levels by the most frequent id, unlabelled never outvoting", async () => {
    const made = await grid();
    // 3 3 | 255 255      2 1 | 4 255
    // 1 3 | 255 6        1 2 | 4 4
    const ids = Uint8Array.of(3, 3, 255, 255, 1, 3, 255, 6, 2, 1, 4, 255, 1, 2, 4, 4);
    await made.writeWindow({ x: 510, y: 510, width: 4, height: 4 }, ids, new Uint8Array(16).fill(100));
    const half = await made.readWindow({
      pixelWindow: { x: 510, y: 510, width: 4, height: 4 },
      outputSize: { width: 2, height: 2 },
    });
    expect([...half.ids]).toEqual([3, 6, 2, 4]);
    expect([...(half.confidence ?? [])]).toEqual([100, 100, 100, 100]);
  });

  test("keeps entropies where it is to, gives them to who asks, and opens where there were none yet", async () => {
    const size = { width: 700, height: 3 };
    const made = await ClassGrid.create(join(folder, "new"), { ...size, confidence: true, entropy: true });
    const window = { pixelWindow: { x: 510, y: 0, width: 4, height: 1 } };
    const values = Uint8Array.of(0, 40, 200, 255);
    await made.writeWindow(window.pixelWindow, Uint8Array.of(1, 1, 2, 2), values, values.toReversed());
    await made.flush();
    const again = await ClassGrid.open(join(folder, "new"));
    expect(await again.readWindow({ ...window, entropy: true })).toMatchObject({
      confidence: values,
      entropy: values.toReversed(),
    });
    expect((await again.readWindow(window)).entropy).toBeNull();
    const half = await again.readWindow({
      pixelWindow: { ...window.pixelWindow, height: 2 },
      outputSize: { width: 2, height: 1 },
      entropy: true,
    });
    // The row below is 0.
    expect([...(half.entropy ?? [])]).toEqual([(255 + 200) / 4, (40 + 0) / 4].map(Math.round));
    await grid();
    const file = join(folder, "grid", "zarr.json");
    await writeFile(file, (await readFile(file, "utf8")).replace(/,\s*"entropy": false/, ""));
    expect(await readFile(file, "utf8")).not.toContain("entropy");
    expect(await ClassGrid.open(join(folder, "grid"))).toMatchObject({
      hasConfidence: true,
      hasEntropy: false,
    });
  });

  test("is a Zarr group that zarrita reads alike", async () => {
    const made = await grid();
    const ids = Uint8Array.from({ length: 1300 * 700 }, (_, index) => (index * 31) % 5);
    await made.writeWindow({ x: 0, y: 0, width: 1300, height: 700 }, ids);
    await made.flush();
    const root = zarr.root(store(join(folder, "grid")));
    const group = await zarr.open.v3(root, { kind: "group" });
    expect(group.attrs).toMatchObject({ orthomask: { width: 1300, height: 700, levels: 3 } });
    for (const level of [0, 1, 2]) {
      const array = await zarr.open.v3(root.resolve(`ids/${level}`), { kind: "array" });
      const { data, shape } = await zarr.get(array);
      const [height = 0, width = 0] = shape;
      expect([width, height]).toEqual([Math.ceil(1300 / 2 ** level), Math.ceil(700 / 2 ** level)]);
      const mine = await made.readWindow({
        pixelWindow: { x: 0, y: 0, width: width * 2 ** level, height: height * 2 ** level },
        outputSize: { width, height },
      });
      expect(Buffer.compare(mine.ids, data as Uint8Array)).toBe(0);
    }
  });

  test("agrees with a plain array after many writes, reads between, and a cache too small for them", async () => {
    const width = 9000;
    const height = 9000;
    const made = await ClassGrid.create(join(folder, "large"), { width, height });
    let seed = 1;
    const next = (limit: number): number => {
      seed = (seed * 48271) % 2147483647;
      return seed % limit;
    };
    const last = new Map<string, { x: number; y: number; id: number }>();
    const writes: Promise<void>[] = [];
    for (let step = 0; step < 400; step += 1) {
      const x = next(width);
      const y = next(height);
      const id = next(6);
      last.set(`${x},${y}`, { x, y, id });
      writes.push(made.writeWindow({ x, y, width: 1, height: 1 }, Uint8Array.of(id)));
      if (step % 10 === 0) {
        void made.readWindow({ pixelWindow: { x: next(width), y: next(height), width: 5, height: 5 } });
      }
    }
    await Promise.all(writes);
    await made.flush();
    const again = await ClassGrid.open(join(folder, "large"));
    for (const { x, y, id } of last.values()) {
      const { ids } = await again.readWindow({ pixelWindow: { x, y, width: 1, height: 1 } });
      expect(ids[0]).toBe(id);
      // Alone among unlabelled neighbours, it shows at every level.
      const coarse = await again.readWindow({
        pixelWindow: { x: x & ~15, y: y & ~15, width: 16, height: 16 },
        outputSize: { width: 1, height: 1 },
      });
      expect(coarse.ids[0]).not.toBe(255);
    }
  });

  test("names the chunk that is damaged", async () => {
    const made = await grid();
    await made.writeWindow({ x: 0, y: 0, width: 2, height: 1 }, Uint8Array.of(1, 2));
    await made.flush();
    const chunk = join(folder, "grid/ids/0/c/0/0");
    expect(await readdir(join(chunk, ".."))).toEqual(["0"]);
    await writeFile(chunk, "nonsense");
    const again = await ClassGrid.open(join(folder, "grid"));
    await expect(
      again.readWindow({ pixelWindow: { x: 0, y: 0, width: 1, height: 1 } }),
    ).rejects.toMatchObject({
      code: "damaged",
      filePath: chunk,
    });
    await writeFile(join(folder, "grid/ids/1/zarr.json"), '{"zarr_format":2}');
    await expect(ClassGrid.open(join(folder, "grid"))).rejects.toThrow(
      "expected the metadata of a class grid",
    );
    await expect(ClassGrid.open(folder)).rejects.toMatchObject({ code: "not-found" });
    await expect(grid()).rejects.toThrow("there already");
  });
});
