import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emptyBase } from "../../../fixtures/label-edits.ts";
import { buildForNode } from "../../../fixtures/rpc/build-for-node.ts";
import { seededRandom } from "#shared/training/seeded-random.ts";
import { LabelStore } from "./label-store.ts";

const KILLS = 200;
/** Processes at once, each with a store of its own. */
const LANES = 4;
const { width, height } = emptyBase;
const whole = { x: 0, y: 0, width, height };

/** Memory where there is a folder of it: a killed process loses no more there than on a disk, and nothing waits for flushing. */
const memoryFolder = "/dev/shm";

let directory: string;
let script: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(existsSync(memoryFolder) ? memoryFolder : tmpdir(), "orthomask-kill-"));
  script = await buildForNode(
    path.resolve(import.meta.dirname, "../../../fixtures/labels-child.ts"),
    path.join(directory, "script"),
  );
}, 60_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

/** When a process is killed: a moment after it has told of so many changes, however quick or busy the machine is. */
interface Kill {
  changes: number;
  milliseconds: number;
}

/** Lets a process edit until it is killed; answers the last revision it said was stored, and how many changes it told of. */
function editUntilKilled(
  folder: string,
  seed: number,
  { changes, milliseconds }: Kill,
): Promise<{ revision: number; told: number }> {
  return new Promise((resolve, reject) => {
    const child = fork(script, [folder, String(seed)], { execArgv: [] });
    let revision = 0;
    let told = -1;
    child.on("message", (message: { revision: number }) => {
      revision = message.revision;
      told += 1;
      if (told === changes) {
        setTimeout(() => child.kill("SIGKILL"), milliseconds);
      }
    });
    child.on("exit", (code, signal) => {
      if (signal === "SIGKILL") {
        resolve({ revision, told });
      } else {
        reject(new Error(`The editing process ended by itself with ${String(code)}.`));
      }
    });
  });
}

/** The pixels that the journal, all of it, makes of the mask: independent of which chunks were written when. */
async function pixelsByHistory(store: LabelStore): Promise<Uint8Array> {
  const now = await store.readWindow({ pixelWindow: whole });
  let steps = 0;
  while ((await store.undo(0)) !== null) {
    steps += 1;
  }
  const first = await store.readWindow({ pixelWindow: whole });
  expect(Buffer.compare(first, await emptyBase.read({ pixelWindow: whole }))).toBe(0);
  expect(store.countChanges).toEqual([]);
  for (let step = 0; step < steps; step++) {
    await store.redo(0);
  }
  const again = await store.readWindow({ pixelWindow: whole });
  expect(Buffer.compare(now, again)).toBe(0);
  return now;
}

it(`survives ${KILLS} kills: at most the write in flight is missing`, { timeout: 180_000 }, async () => {
  const random = seededRandom(17, "kill");
  const kills = Array.from({ length: KILLS }, () => ({
    changes: Math.floor(random.next() * 4),
    milliseconds: random.next() * 15,
  }));
  const begun = performance.now();
  let changesTold = 0;
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const folder = path.join(directory, `store-${lane}`);
    let edits = 0;
    for (let kill = lane; kill < KILLS; kill += LANES) {
      const { revision, told } = await editUntilKilled(folder, kill, kills[kill] as Kill);
      const store = await LabelStore.open(folder, emptyBase);
      expect(store.warning).toBeNull();
      // All that was said to be stored is; a write whose answer was still on its way may be too.
      expect(store.revision).toBeGreaterThanOrEqual(revision);
      expect(store.revision).toBeLessThanOrEqual(revision + 2);
      changesTold += told;
      edits = store.revision;
      if (kill + LANES >= KILLS) {
        await pixelsByHistory(store);
      }
      await store.close();
      const left = await readdir(folder, { recursive: true });
      expect(left.filter((name) => name.endsWith(".partial"))).toEqual([]);
    }
    return edits;
  });
  const edits = (await Promise.all(lanes)).reduce((sum, count) => sum + count, 0);
  expect(changesTold).toBeGreaterThanOrEqual(kills.reduce((sum, { changes }) => sum + changes, 0));
  console.log(
    `label store: ${KILLS} kills, ${edits} changes stored, ${((performance.now() - begun) / 1000).toFixed(0)} s`,
  );
});
