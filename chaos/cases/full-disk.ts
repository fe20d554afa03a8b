import { execFile } from "node:child_process";
import { cpSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { Case, Ground, RoundOutcome } from "../case.ts";
import { SIDE } from "../case.ts";
import { leftoversOf } from "../leftovers.ts";
import { RunningApp } from "../running-app.ts";
import type { Work } from "../work.ts";
import { Exporting } from "../works/exporting.ts";
import { Labelling } from "../works/labelling.ts";
import { Training } from "../works/training.ts";
import { endOf } from "./killing.ts";

const run = promisify(execFile);
/** So much is left on the disk at most, in 4 KB blocks. */
const MOST_FREE_BLOCKS = 12;
/** Work that has no end by itself goes on for so long. */
const MILLISECONDS = 600;

/** The project's disk gets full while labels are painted: what was refused wasn't painted, what was confirmed is there. */
export const fullDiskLabelling: Case = filling(() => Promise.resolve(new Labelling(SIDE)));
/** The project's disk gets full while an epoch is written: the epochs before are there, and training goes on when there is room. */
export const fullDiskTraining: Case = filling(Training.prepare);
/** The project's disk gets full in mid-export: files exported before are as they were, nothing is left half-written. */
export const fullDiskExport: Case = filling(Exporting.prepare);

function filling(prepare: (app: RunningApp, ground: Ground) => Promise<Work>): Case {
  return async (given, random) => {
    const disk = path.join(given.base, "disk");
    mkdirSync(disk);
    try {
      await run("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", disk]);
    } catch {
      return { skipped: "a small disk can't be mounted here; that takes root on Linux" };
    }
    const ground: Ground = { ...given, folder: path.join(disk, "project") };
    cpSync(given.folder, ground.folder, { recursive: true });
    const filler = path.join(disk, "filler");
    let started: RunningApp | null = null;
    let work: Work;
    try {
      started = await RunningApp.start(ground);
      work = await prepare(started, ground);
    } catch (error) {
      await started?.close();
      await run("umount", ["-l", disk]);
      throw error;
    }
    let app = started;
    const makeRoom = (): void => {
      rmSync(filler, { force: true });
    };
    return {
      round: async (): Promise<RoundOutcome> => {
        const { bavail, bsize } = statfsSync(disk);
        writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - random.integer(MOST_FREE_BLOCKS)) * bsize));
        const controller = new AbortController();
        const stopping = setTimeout(() => {
          controller.abort();
        }, MILLISECONDS);
        const error = await endOf(work.run(app, random, { stop: controller.signal }));
        clearTimeout(stopping);
        const losses =
          error === null || /disk is full/.test(error.message)
            ? []
            : [`the sentence doesn't say that the disk is full: ${error.message}`];
        makeRoom();
        await app.close();
        app = await RunningApp.start(ground);
        losses.push(...(await work.check(app)), ...(await leftoversOf(ground.folder)));
        return { faults: 1, losses };
      },
      close: async () => {
        await app.close();
        await run("umount", ["-l", disk]);
      },
    };
  };
}
