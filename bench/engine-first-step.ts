import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sampleOf } from "./harness/bench.ts";
import type { Bench, BenchRow } from "./harness/bench.ts";
import type { Contestant } from "./harness/engine/contestant.ts";
import { kerasVersions, startKeras } from "./harness/engine/keras-side.ts";
import { startOrthomask } from "./harness/engine/orthomask-side.ts";
import { works } from "./harness/engine/works.ts";
import type { Work } from "./harness/engine/works.ts";

/** How often each side is started. The first pair is not counted: it finds libraries and programs on the disk only. */
const STARTS = 4;

/** Times how long a training takes to get going: `npm run bench -- engine-first-step [segnet-upsample] [fcn32] [unet]`. */
export const bench: Bench = {
  title: "From pressing Train to the first step",
  method:
    "Both sides are started in turn, each time in a new process, and ended after one training step; the first pair is not counted. *From the process's start*: everything, with loading TensorFlow " +
    "(Python: importing Keras). *From the request*: the process is there with its libraries loaded; building the network, drawing its first weights, " +
    "compiling, and the step (Keras: building the model, `compile`, the first `train_on_batch`).",
  run: async (words, keep) => {
    const versions = await kerasVersions();
    const chosen = works.filter(({ model }) => words.includes(model.architecture));
    const rows: BenchRow[] = [];
    for (const work of chosen.length > 0 ? chosen : works.slice(0, 1)) {
      rows.push(...(await compare(work)));
      keep({ versions, rows });
    }
    return { versions, rows };
  },
};

async function compare(work: Work): Promise<BenchRow[]> {
  const ours: Contestant[] = [];
  const keras: Contestant[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    ours.push(await startedOnce(() => startOrthomask(work, "train")));
    const folder = mkdtempSync(path.join(tmpdir(), "orthomask-bench-"));
    try {
      keras.push(await startedOnce(() => startKeras(work, "train", folder)));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const measures = [
    ["first step from the process's start", ({ secondsToFirstStep }: Contestant) => secondsToFirstStep],
    ["first step from the request", ({ secondsFromRequest }: Contestant) => secondsFromRequest],
  ] as const;
  return measures.map(([measure, secondsOf]) => ({
    ...{ work: work.name, measure, unit: "s" },
    ours: sampleOf(ours.slice(1).map(secondsOf)),
    peer: { name: "Keras", sample: sampleOf(keras.slice(1).map(secondsOf)) },
    target: { of: "ratio", atMost: 1 },
  }));
}

/** What a side says of its first step, after which it is ended. */
async function startedOnce(start: () => Promise<Contestant>): Promise<Contestant> {
  const contestant = await start();
  await contestant.close();
  return contestant;
}
