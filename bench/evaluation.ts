import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { Page } from "@playwright/test";
import { z } from "zod";
import { peerPython, runPeer } from "../fixtures/peers.ts";
import { makeEvaluatedProject } from "./evaluation/evaluated-project.ts";
import { sampleOf, type Bench, type BenchRow } from "./harness/bench.ts";
import { disturbanceOf, OthersLoad } from "./harness/processor-time.ts";
import { startSession } from "./map/app-session.ts";
import { buildSide } from "./raster/build-side.ts";
import { keptMask } from "./raster/made-up-mask.ts";

const LARGE_SIDE = 30_000;
const [WIDTH, HEIGHT] = [9000, 9500];
/** As the issue has it: 100 megapixels a second. */
const LARGE_SECONDS = LARGE_SIDE ** 2 / 1e8;
const RUNS = 500;

const oursSchema = z.object({
  milliseconds: z.number(),
  peakMegabytes: z.number(),
  classIds: z.array(z.int()),
  confusion: z.array(z.array(z.number())),
});
const peerSchema = z.object({
  milliseconds: z.number(),
  confusion: z.array(z.array(z.number())),
  version: z.string(),
});

/** Words: `large`, `pair`, `places` and `runs` for one of the parts; `draw` only makes the masks. */
export const bench: Bench = {
  title: "Evaluating masks",
  method: `Two made-up masks of five classes in patches with specks, 512 × 512 Deflate tiles, rims a few pixels apart. *Pair*: the confusion matrix of two files, without a list of classes, each side a process of its own; scikit-learn's \`confusion_matrix\` adds up bands of 512 rows that rasterio reads, without finding the classes first. *Page*: the built app in Chromium with software rendering, timed by the page's own performance entries, from a press on a cell of the matrix to when its places are listed and drawn, over ${WIDTH} × ${HEIGHT} px (the first one as soon as the matrix is there, while the index of all places is still made, which later ones find); and from a press on *Runs* to the frame that shows the table of ${RUNS} runs.`,
  run: async (words, keep) => {
    const wants = (part: string): boolean => words.length === 0 || words.includes(part);
    const versions: Record<string, string> = {};
    const rows: BenchRow[] = [];
    const program = await buildSide("evaluation-side", path.join(import.meta.dirname, "evaluation"));
    const small = {
      truth: await keptMask(WIDTH, HEIGHT),
      prediction: await keptMask(WIDTH, HEIGHT, { side: "prediction" }),
    };
    if (wants("large") || words.includes("draw")) {
      const [truth, prediction] = [
        await keptMask(LARGE_SIDE, LARGE_SIDE, { repeated: true }),
        await keptMask(LARGE_SIDE, LARGE_SIDE, { side: "prediction", repeated: true }),
      ];
      if (words.includes("draw")) {
        return { versions, rows };
      }
      const others = new OthersLoad([]);
      const { milliseconds, peakMegabytes } = await ourMatrix(program, truth, prediction);
      const disturbance = disturbanceOf(others.percent());
      const work = `pair of ${LARGE_SIDE}²`;
      rows.push(
        {
          ...{
            work,
            measure: "confusion matrix",
            unit: "s",
            ours: sampleOf([milliseconds / 1000]),
            peer: null,
          },
          ...{ target: { of: "value", atMost: LARGE_SECONDS }, ...disturbance },
        },
        {
          ...{
            work,
            measure: "resident memory at most",
            unit: "MB",
            ours: sampleOf([peakMegabytes]),
            peer: null,
          },
          target: { of: "value", atMost: 400 },
        },
      );
      keep({ versions, rows });
    }
    if (wants("pair")) {
      rows.push(...(await measurePair(program, small, versions)));
      keep({ versions, rows });
    }
    if (wants("places") || wants("runs")) {
      const folder = await mkdtemp(path.join(tmpdir(), "orthomask-bench-project-"));
      try {
        await makeEvaluatedProject(folder, small, RUNS);
        const session = await startSession(folder, { probe: "press-probe.js" });
        versions["Chromium"] = session.browserVersion;
        try {
          await session.page.goto(session.url);
          await session.page.getByTestId("mode-results").click();
          rows.push(...(wants("runs") ? await measureRuns(session.page) : []));
          rows.push(...(wants("places") ? await measurePlaces(session.page) : []));
        } finally {
          await session.close();
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
    return { versions, rows };
  },
};

async function ourMatrix(
  program: string,
  truth: string,
  prediction: string,
): Promise<z.infer<typeof oursSchema>> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, truth, prediction]);
  return oursSchema.parse(JSON.parse(stdout));
}

async function measurePair(
  program: string,
  { truth, prediction }: { readonly truth: string; readonly prediction: string },
  versions: Record<string, string>,
): Promise<BenchRow[]> {
  const ours: z.infer<typeof oursSchema>[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < 3; round++) {
    const own = await ourMatrix(program, truth, prediction);
    ours.push(own);
    if (peerPython() !== undefined) {
      const peer = peerSchema.parse(
        await runPeer(path.join(import.meta.dirname, "evaluation/scikit_side.py"), [
          truth,
          prediction,
          ...own.classIds.map(String),
        ]),
      );
      if (JSON.stringify(peer.confusion) !== JSON.stringify(own.confusion)) {
        throw new Error("The two sides have counted different matrices.");
      }
      theirs.push(peer.milliseconds / 1000);
      versions["scikit-learn"] = peer.version;
    }
  }
  const work = `pair of ${WIDTH} × ${HEIGHT}`;
  return [
    {
      ...{ work, measure: "confusion matrix", unit: "s" },
      ours: sampleOf(ours.map(({ milliseconds }) => milliseconds / 1000)),
      peer: theirs.length === 0 ? null : { name: "scikit-learn with rasterio", sample: sampleOf(theirs) },
      target: { of: "ratio", atMost: 1 },
    },
  ];
}

/** Presses something, and waits until what was looked for is drawn; milliseconds by the page's own clock. */
async function timePress(page: Page, pressed: string, shown: string): Promise<number> {
  await page.evaluate(`orthomaskTimePress(${JSON.stringify(pressed)}, ${JSON.stringify(shown)})`);
  await page.locator(pressed).click();
  const duration = `performance.getEntriesByName(${JSON.stringify(`bench:${pressed}`)})[0]?.duration`;
  // The page's policy forbids what waiting for an expression would need.
  for (let tries = 0; tries < 600; tries++) {
    const found = z
      .number()
      .nullish()
      .parse(await page.evaluate(duration));
    if (found !== null && found !== undefined) {
      return found;
    }
    await page.waitForTimeout(100);
  }
  throw new Error(`After a press on ${pressed} no ${shown} was shown within a minute.`);
}

async function measureRuns(page: Page): Promise<BenchRow[]> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    await page.getByTestId("drawer-curves").click();
    await page.locator("[data-testid=run-table]").waitFor({ state: "detached" });
    times.push(await timePress(page, "[data-testid=drawer-runs]", "[data-testid=run-row]"));
  }
  return [
    {
      ...{ work: `${RUNS} runs`, measure: "table opens", unit: "ms", ours: sampleOf(times), peer: null },
      target: { of: "value", atMost: 300 },
    },
  ];
}

async function measurePlaces(page: Page): Promise<BenchRow[]> {
  const cells = ["0-1", "1-0", "1-2", "2-1", "2-3", "3-2"];
  if ((await page.getByTestId("run-row").count()) === 0) {
    await page.getByTestId("drawer-runs").click();
  }
  await page.getByTestId("run-row").first().click();
  await page.getByTestId("confusion-cell-0-1").waitFor({ timeout: 120_000 });
  const times: number[] = [];
  for (const cell of cells) {
    times.push(await timePress(page, `[data-testid=confusion-cell-${cell}]`, "[data-testid=place-0]"));
    await page.getByTestId("places-clear").click();
    await page.locator("[data-testid=place-0]").waitFor({ state: "detached" });
  }
  const row = { work: `${WIDTH} × ${HEIGHT}, page`, unit: "ms", peer: null } as const;
  return [
    {
      ...row,
      measure: "the very first press, with the matrix",
      ours: sampleOf(times.slice(0, 1)),
      target: null,
    },
    {
      ...row,
      measure: "press on a cell to its places",
      ...{ ours: sampleOf(times.slice(1)), target: { of: "value", atMost: 1000 } },
    },
  ];
}
