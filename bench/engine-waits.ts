import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { sampleOf } from "./harness/bench.ts";
import type { Bench, BenchRow } from "./harness/bench.ts";

const root = path.join(import.meta.dirname, "..");
const dubai = path.join(root, "../shared/data/dubai");

/** The first epoch fills the block cache; the others are measured. */
const EPOCHS = 4;
const trained = "--model unet --width 16 --batch 8 --split mosaic --mosaics dubai-3,dubai-4,dubai-5".split(
  " ",
);

/** From settled windows at half their resolution to windows that are drawn and varied anew for each step. */
const cases: Readonly<Record<string, string>> = {
  "tiles of the grid, 512 px seen at 256": "--tile 512 --resize 256",
  "random windows, 256 px, flips and turns": "--tile 256 --sampling random",
  "class-balanced windows, 256 px, every augmentation":
    "--tile 256 --sampling balanced --augment flips,turns,scale=0.25,brightness=0.1,contrast=0.1,hue=0.05,noise=0.02",
};

const answerSchema = z.object({
  epochs: z.array(z.object({ epoch: z.int(), waitShare: z.number() })).length(EPOCHS),
  stepMilliseconds: z.number(),
});

/** Reads off the runs' own logs how long the engine waits for data: `npm run bench -- engine-waits [grid|random|balanced]`. */
export const bench: Bench = {
  title: "How long the engine waits for data",
  method:
    "`orthomask train` on real mosaics (Dubai) with a small network, whose short steps leave little time to read the next batch. " +
    `The share of the training that the engine had nothing to do, as each run's log says it; epochs 2 to ${EPOCHS}, since the first fills the cache.`,
  run: async (wanted, keep) => {
    if (!existsSync(dubai)) {
      console.log("Skipped: the mosaics of Dubai are not in ../shared/data.");
      return { versions: {}, rows: [] };
    }
    const rows: BenchRow[] = [];
    const chosen = Object.entries(cases).filter(
      ([work]) => wanted.length === 0 || wanted.some((word) => work.includes(word)),
    );
    for (const [work, words] of chosen) {
      rows.push(...(await waitsOf(work, words.split(" "))));
      keep({ versions: {}, rows });
    }
    return { versions: {}, rows };
  },
};

async function waitsOf(work: string, words: readonly string[]): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "orthomask-bench-"));
  try {
    const program = path.join(root, "scripts/orthomask.mjs");
    const given = ["train", dubai, ...trained, ...words, "--epochs", String(EPOCHS)];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, ...given, "--out", path.join(folder, "run"), "--json"],
      { maxBuffer: 64 << 20 },
    );
    const { epochs, stepMilliseconds } = answerSchema.parse(JSON.parse(stdout));
    const shares = epochs.slice(1).map(({ waitShare }) => 100 * waitShare);
    return [
      {
        ...{
          work: `unet width 16, batch 8: ${work}`,
          measure: "waiting for tiles",
          unit: "% of the training",
        },
        ...{ ours: sampleOf(shares), peer: null, target: { of: "value", atMost: 5 } },
      },
      {
        ...{ work: `unet width 16, batch 8: ${work}`, measure: "training step", unit: "ms" },
        ...{ ours: sampleOf([stepMilliseconds]), peer: null, target: null },
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
