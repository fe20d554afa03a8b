import { appendFile, cp, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import { seededRandom } from "#shared/training/seeded-random.ts";
import { emptyBase, patternId, randomEdits } from "../../../fixtures/label-edits.ts";
import { LabelJournal, markPathOf } from "./label-journal.ts";
import { LabelStore } from "./label-store.ts";

const { width, height } = emptyBase;
const whole: PixelWindow = { x: 0, y: 0, width, height };

let folder: string;
let store: LabelStore;
let time = 0;
const backups: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-labels-"));
  store = await LabelStore.open(folder, emptyBase);
});

afterEach(async () => {
  await store.close().catch(() => undefined);
  for (const made of [folder, ...backups.splice(0)]) {
    await rm(made, { recursive: true, force: true });
  }
});

async function reopen(base = emptyBase): Promise<void> {
  await store.close();
  store = await LabelStore.open(folder, base);
}

function pixels(): Promise<Uint8Array> {
  return store.readWindow({ pixelWindow: whole });
}

/** The whole mosaic as a plain array, changed in the same way: what the store is compared with. */
function plainPixels(): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, index) =>
    patternId(index % width, Math.floor(index / width)),
  );
}

function writePlain(plain: Uint8Array, window: PixelWindow, ids: Uint8Array): Uint8Array {
  const result = plain.slice();
  for (let index = 0; index < ids.length; index++) {
    const x = window.x + (index % window.width);
    const y = window.y + Math.floor(index / window.width);
    if (x >= 0 && y >= 0 && x < width && y < height) {
      result[y * width + x] = ids[index] ?? 255;
    }
  }
  return result;
}

function same(first: Uint8Array, second: Uint8Array): boolean {
  return Buffer.compare(first, second) === 0;
}

function fill(window: PixelWindow, id: number): ReturnType<LabelStore["writeWindow"]> {
  time += 1;
  const ids = new Uint8Array(window.width * window.height).fill(id);
  return store.writeWindow(window, ids, { name: `fill ${id}`, time });
}

describe("a label store", () => {
  it("agrees with a plain array through edits, undo, redo, checkpoints and restarts", async () => {
    let steps: Uint8Array[] = [plainPixels()];
    let applied = 0;
    let count = 0;
    for (const { way, window, ids } of randomEdits(3)) {
      count += 1;
      time += 1;
      if (way === "write") {
        const after = writePlain(steps[applied] as Uint8Array, window, ids);
        const change = await store.writeWindow(window, ids, { name: "write", time });
        if (change !== null) {
          steps = [...steps.slice(0, applied + 1), after];
          applied += 1;
        }
        expect(change === null).toBe(same(after, steps[applied - (change === null ? 0 : 1)] as Uint8Array));
      } else if (way === "undo") {
        expect((await store.undo(time)) === null).toBe(applied === 0);
        applied = Math.max(0, applied - 1);
      } else if (way === "redo") {
        expect((await store.redo(time)) === null).toBe(applied === steps.length - 1);
        applied = Math.min(steps.length - 1, applied + 1);
      } else {
        await store.checkpoint();
      }
      if (count % 20 === 0) {
        await reopen();
        expect(same(await pixels(), steps[applied] as Uint8Array)).toBe(true);
      }
      if (count === 80) {
        break;
      }
    }
    const plain = steps[applied] as Uint8Array;
    expect(same(await pixels(), plain)).toBe(true);
    // Counts are kept with every step; the plain array is counted from the beginning.
    const counted = new Map<number, number>();
    const before = plainPixels();
    for (const [index, id] of plain.entries()) {
      const old = before[index] as number;
      if (id !== old) {
        counted.set(id, (counted.get(id) ?? 0) + 1);
        counted.set(old, (counted.get(old) ?? 0) - 1);
      }
    }
    expect(new Map(store.countChanges)).toEqual(new Map([...counted].filter(([, change]) => change !== 0)));
    // All the way back and forth again.
    while ((await store.undo(0)) !== null) {}
    expect(same(await pixels(), plainPixels())).toBe(true);
    expect(store.countChanges).toEqual([]);
    while ((await store.redo(0)) !== null) {}
    expect(same(await pixels(), steps.at(-1) as Uint8Array)).toBe(true);
  });

  it("reads the mask where nothing was edited, at any resolution, and takes over only what was", async () => {
    await fill({ x: 520, y: 10, width: 30, height: 30 }, 9);
    await store.checkpoint();
    expect(await readdir(path.join(folder, "classes/ids/0/c"))).toEqual(["0"]);
    expect(await readdir(path.join(folder, "classes/ids/0/c/0"))).toEqual(["1"]);
    const plain = writePlain(
      plainPixels(),
      { x: 520, y: 10, width: 30, height: 30 },
      new Uint8Array(900).fill(9),
    );
    expect(same(await pixels(), plain)).toBe(true);
    // The quarter's rows and columns that fall into chunks of the mask's are its nearest pixels.
    const half = await store.readWindow({
      pixelWindow: { x: 400, y: 0, width: 200, height: 100 },
      outputSize: { width: 100, height: 50 },
    });
    for (let row = 0; row < 50; row++) {
      for (let column = 0; column < 56; column++) {
        expect(half[row * 100 + column]).toBe(patternId(400 + column * 2 + 1, row * 2 + 1));
      }
    }
    expect(half[10 * 100 + 65]).toBe(9);
    const beyond = await store.readWindow({ pixelWindow: { x: 695, y: 595, width: 10, height: 10 } });
    expect(beyond[99]).toBe(255);
    expect(beyond[0]).toBe(patternId(695, 595));
  });

  it("is thinned by the nearest pixels, edited chunks as those beside them, whatever the window", async () => {
    const random = seededRandom(11, "thinned");
    const noise = { x: 150, y: 140, width: 300, height: 380 };
    const ids = Uint8Array.from({ length: noise.width * noise.height }, () => random.integer(5));
    await store.writeWindow(noise, ids, { name: "noise", time: 1 });
    await store.checkpoint();
    const plain = writePlain(plainPixels(), noise, ids);
    const windows = [
      // As tiles of the map are cut, over the raster's edge too.
      ...[2, 4, 8, 16].map((step) => ({ x: 0, y: 16 * step, side: 48 * step, step })),
      // As warped tiles, and a training's windows that are seen smaller.
      ...[2, 2.5, 3, 4, 6, 8].map((step) => ({ x: 37, y: 101, side: 40 * step, step })),
    ];
    for (const { x, y, side, step } of windows) {
      const out = side / step;
      const read = await store.readWindow({
        pixelWindow: { x, y, width: side, height: side },
        outputSize: { width: out, height: out },
      });
      const nearest = Uint8Array.from({ length: out * out }, (_, index) => {
        const column = Math.floor(x + ((index % out) + 0.5) * step);
        const row = Math.floor(y + (Math.floor(index / out) + 0.5) * step);
        return column < width && row < height ? (plain[row * width + column] ?? 255) : 255;
      });
      expect([step, same(read, nearest)]).toEqual([step, true]);
    }
  });

  it("makes no step of an edit that changes nothing", async () => {
    await fill({ x: 0, y: 0, width: 20, height: 20 }, 7);
    const { revision } = store;
    expect(await fill({ x: 5, y: 5, width: 5, height: 5 }, 7)).toBeNull();
    expect(await fill({ x: -50, y: 0, width: 20, height: 20 }, 1)).toBeNull();
    expect(store.revision).toBe(revision);
    expect(store.historyLength).toBe(1);
  });

  it("counts anew when the mask is another one", async () => {
    await fill({ x: 0, y: 0, width: 600, height: 10 }, 2);
    const counts = store.countChanges;
    await reopen({
      ...emptyBase,
      version: "blank",
      read: ({ pixelWindow, outputSize }) => {
        const size = outputSize ?? pixelWindow;
        return Promise.resolve(new Uint8Array(size.width * size.height).fill(255));
      },
    });
    expect(store.countChanges).not.toEqual(counts);
    const pixelsOf2 = (await pixels()).filter((id) => id === 2).length;
    expect(new Map(store.countChanges).get(2)).toBe(pixelsOf2);
    // The chunks that were edited stay as they were, also where the old mask shows through.
    expect((await store.readWindow({ pixelWindow: { x: 0, y: 300, width: 1, height: 1 } }))[0]).toBe(
      patternId(0, 300),
    );
  });

  it("refuses an image of another size", async () => {
    await fill({ x: 0, y: 0, width: 1, height: 1 }, 7);
    await store.close();
    await expect(LabelStore.open(folder, { ...emptyBase, width: 701 })).rejects.toThrow(
      "700×600 px, its image is 701×600",
    );
    store = await LabelStore.open(folder, emptyBase);
  });

  it("keeps 500 steps small, over a restart", async () => {
    const random = seededRandom(5, "steps");
    for (let step = 0; step < 520; step++) {
      const x = random.integer(width - 60);
      const y = random.integer(height - 60);
      await fill({ x, y, width: 50, height: 50 }, 3 + (step % 5));
    }
    const last = await pixels();
    await reopen();
    expect(store.historyLength).toBe(520);
    expect(store.journalBytes).toBeLessThan(500_000);
    for (let step = 0; step < 520; step++) {
      expect(await store.undo(0)).not.toBeNull();
    }
    expect(same(await pixels(), plainPixels())).toBe(true);
    for (let step = 0; step < 520; step++) {
      await store.redo(0);
    }
    expect(same(await pixels(), last)).toBe(true);
  });
});

describe("a label journal", () => {
  const journal = (): string => path.join(folder, "journal");
  const mark = (): string => markPathOf(journal());

  /** All that a crash at this moment would leave. */
  async function backUp(): Promise<string> {
    const backup = await mkdtemp(path.join(tmpdir(), "orthomask-labels-backup-"));
    backups.push(backup);
    await cp(folder, backup, { recursive: true });
    return backup;
  }

  async function restore(backup: string): Promise<void> {
    await rm(folder, { recursive: true });
    await cp(backup, folder, { recursive: true });
  }

  it("is cut after its last whole record, wherever a crash left it", async () => {
    await fill({ x: 0, y: 0, width: 30, height: 30 }, 7);
    await fill({ x: 10, y: 10, width: 30, height: 30 }, 8);
    await store.checkpoint();
    const kept = await pixels();
    const { size } = await stat(journal());
    const backup = await backUp();
    await fill({ x: 0, y: 0, width: 900, height: 30 }, 9);
    const bytes = await readFile(journal());
    await store.close();
    const { length } = bytes.subarray(0, bytes.indexOf('"checkpoint"', size) - 40);
    for (let end = size; end <= length; end += 97) {
      // The last edit has not reached the chunks.
      await restore(backup);
      await writeFile(journal(), bytes.subarray(0, end));
      store = await LabelStore.open(folder, emptyBase);
      expect(store.warning).toBeNull();
      expect(store.historyLength).toBe(2);
      expect(same(await pixels(), kept)).toBe(true);
      await store.close();
    }
    await restore(backup);
    await writeFile(journal(), bytes);
    store = await LabelStore.open(folder, emptyBase);
    expect(store.historyLength).toBe(3);
  });

  it("that is damaged in its middle is kept aside, and what was painted stays", async () => {
    await fill({ x: 0, y: 0, width: 30, height: 30 }, 7);
    await fill({ x: 10, y: 10, width: 30, height: 30 }, 8);
    await store.checkpoint();
    const kept = await pixels();
    await store.close();
    const bytes = await readFile(journal());
    bytes[60] = (bytes[60] as number) ^ 255;
    await writeFile(journal(), bytes);
    store = await LabelStore.open(folder, emptyBase);
    expect(store.warning).toContain("journal.damaged-");
    expect(same(await pixels(), kept)).toBe(true);
    expect(new Map(store.countChanges).get(8)).toBe(900);
    expect(store.undoStep).toBeNull();
    await fill({ x: 0, y: 0, width: 3, height: 3 }, 9);
    await reopen();
    expect(store.warning).toBeNull();
    expect(store.undoStep?.name).toBe("fill 9");
  });

  it("with nonsense after it is opened without it", async () => {
    await fill({ x: 0, y: 0, width: 30, height: 30 }, 7);
    const before = await pixels();
    await store.close();
    await appendFile(journal(), Buffer.from([5, 0, 0]));
    store = await LabelStore.open(folder, emptyBase);
    expect(same(await pixels(), before)).toBe(true);
    expect(store.undoStep?.name).toBe("fill 7");
  });

  it("that was cut short anywhere is kept aside, and older steps are not painted over newer ones", async () => {
    for (const [step, id] of [7, 8, 9, 10].entries()) {
      await fill({ x: step * 5, y: 0, width: 30, height: 30 }, id);
      await store.checkpoint();
    }
    const kept = await pixels();
    await store.close();
    const bytes = await readFile(journal());
    const backup = await backUp();
    const end = bytes.lastIndexOf('"checkpoint"') - 40;
    for (let length = 0; length < end; length += 157) {
      await restore(backup);
      await writeFile(journal(), bytes.subarray(0, length));
      store = await LabelStore.open(folder, emptyBase);
      expect([length, store.warning]).toEqual([length, expect.stringContaining("journal.damaged-")]);
      expect([length, same(await pixels(), kept)]).toEqual([length, true]);
      // Of 4 × 30 × 30 px each hides 25 × 30 of the one before.
      expect(new Map(store.countChanges).get(9)).toBe(5 * 30);
      expect(store.undoStep).toBeNull();
      await fill({ x: 0, y: 0, width: 3, height: 3 }, 11);
      await reopen();
      expect(store.warning).toBeNull();
      expect(store.undoStep?.name).toBe("fill 11");
      await store.close();
    }
    await restore(backup);
    await rm(journal());
    store = await LabelStore.open(folder, emptyBase);
    expect(store.warning).toContain("was missing");
    expect(same(await pixels(), kept)).toBe(true);
  });

  it("that is damaged before what the chunks hold still gives back what they hadn't got", async () => {
    await fill({ x: 0, y: 0, width: 30, height: 30 }, 7);
    await fill({ x: 10, y: 10, width: 30, height: 30 }, 8);
    await store.checkpoint();
    const backup = await backUp();
    await fill({ x: 20, y: 20, width: 600, height: 30 }, 9);
    await fill({ x: 30, y: 30, width: 30, height: 30 }, 10);
    await store.undo(0);
    const last = await pixels();
    const bytes = await readFile(journal());
    await store.close();
    await restore(backup);
    // Killed before the chunks were written again.
    bytes[60] = (bytes[60] as number) ^ 1;
    await writeFile(journal(), bytes.subarray(0, bytes.lastIndexOf('"undo"') + 50));
    store = await LabelStore.open(folder, emptyBase);
    expect(store.warning).toContain("journal.damaged-");
    expect(same(await pixels(), last)).toBe(true);
    expect(new Map(store.countChanges).get(9)).toBe(600 * 30);
    expect(store.undoStep?.name).toBe("fill 9");
    expect(store.redoStep?.name).toBe("fill 10");
  });

  it("that is damaged after what the chunks hold keeps its steps before", async () => {
    await fill({ x: 0, y: 0, width: 30, height: 30 }, 7);
    await store.checkpoint();
    const backup = await backUp();
    await fill({ x: 10, y: 10, width: 30, height: 30 }, 8);
    const there = await pixels();
    const { size } = await stat(journal());
    await fill({ x: 20, y: 20, width: 30, height: 30 }, 9);
    await fill({ x: 30, y: 30, width: 30, height: 30 }, 10);
    const bytes = await readFile(journal());
    await store.close();
    await restore(backup);
    bytes[size + 20] = (bytes[size + 20] as number) ^ 1;
    await writeFile(journal(), bytes);
    store = await LabelStore.open(folder, emptyBase);
    expect(store.warning).toContain("damaged at its end");
    expect(same(await pixels(), there)).toBe(true);
    expect(store.undoStep?.name).toBe("fill 8");
    expect(store.historyLength).toBe(2);
  });

  it("is opened without a note of its length, as earlier builds left it, or with a damaged one", async () => {
    await fill({ x: 0, y: 0, width: 30, height: 30 }, 7);
    const kept = await pixels();
    await store.close();
    for (const note of [null, "{", '{"version":1,"mark":{"revision":1,"journals":[]},"checksum":0}']) {
      await (note === null ? rm(mark()) : writeFile(mark(), note));
      store = await LabelStore.open(folder, emptyBase);
      expect(store.warning).toBeNull();
      expect(store.undoStep?.name).toBe("fill 7");
      expect(same(await pixels(), kept)).toBe(true);
      await store.close();
    }
    await writeFile(journal(), "");
    store = await LabelStore.open(folder, emptyBase);
    expect(store.warning).toContain("was missing");
    expect(new Map(store.countChanges).get(7)).toBe(900);
  });

  it("is sound before and after a shorter one takes its place", async () => {
    const filePath = path.join(folder, "other");
    const { journal: other } = await LabelJournal.open(filePath);
    for (let step = 0; step < 5; step++) {
      await other.append({ kind: "undo", time: step });
    }
    await other.note(5);
    const before = await readFile(filePath);
    await other.rewrite({ entries: [], after: [{ kind: "undo", time: 9 }] }, 5);
    await other.close();
    const after = await readFile(filePath);
    const noted = await readFile(markPathOf(filePath));
    for (const [bytes, count] of [
      [before, 5],
      [after, 1],
    ] as const) {
      await writeFile(filePath, bytes);
      await writeFile(markPathOf(filePath), noted);
      const opened = await LabelJournal.open(filePath);
      expect([opened.kind, opened.entries.length]).toEqual(["sound", count]);
      await opened.journal.close();
    }
    // As long as the new one, and not the same.
    await writeFile(filePath, before.subarray(0, after.length));
    const opened = await LabelJournal.open(filePath);
    expect(opened.kind).toBe("damaged");
    await opened.journal.close();
  });

  it("that is damaged is found so again when a crash comes before it is begun anew", async () => {
    await fill({ x: 0, y: 0, width: 30, height: 30 }, 7);
    await store.close();
    const bytes = await readFile(journal());
    await writeFile(journal(), bytes.subarray(0, 60));
    for (let crash = 0; crash < 2; crash++) {
      const opened = await LabelJournal.open(journal());
      expect([opened.kind, (await stat(journal())).size]).toEqual(["damaged", 60]);
      await opened.journal.close();
    }
    store = await LabelStore.open(folder, emptyBase);
    expect(store.warning).toContain("journal.damaged-");
  });
});
