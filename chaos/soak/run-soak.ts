import { cp, mkdtemp, realpath, rm } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { seededRandom } from "#shared/training/seeded-random.ts";
import { RunningApp } from "../running-app.ts";
import { makeTemplate } from "../template.ts";
import type { Template } from "../template.ts";
import { diskUse } from "./disk-use.ts";
import { handlesOf, sampleProcess } from "./process-sample.ts";
import { fillHistory, soakRound } from "./soak-round.ts";
import { writeSoakReport } from "./soak-report.ts";
import type { RoundValues, SoakRecord } from "./soak-report.ts";
import { WatchingPage } from "./watching-page.ts";

const keptResults = path.resolve(import.meta.dirname, "../results");
const SIDE = 384;
const MEGABYTE = 2 ** 20;
/** After a round, until what it has set going beside has ended. */
const REST_MILLISECONDS = 400;
/** A round that takes longer has hung. */
const MOST_ROUND_MILLISECONDS = 10 * 60_000;
/** After so many failed rounds one after the other nothing more is to be learned. */
const MOST_FAILURES = 3;
/** With less time the history of the labels is left to grow: filling it takes half a minute. */
const LEAST_MINUTES_TO_FILL = 5;

/** Goes on for so many minutes; answers the exit code: 0 where nothing grows and all rounds came to their end, else 1. */
export async function runSoak(
  words: readonly string[],
  stop: AbortSignal,
  given: { readonly template?: Template } = {},
): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      minutes: { type: "string" },
      seed: { type: "string" },
      results: { type: "string" },
      "no-page": { type: "boolean", default: false },
    },
  });
  const minutes = Number(values.minutes ?? "120");
  const seed = Number(values.seed ?? "1");
  if (!(minutes > 0) || !Number.isInteger(seed)) {
    console.error("Expected --minutes as a number above 0 and --seed as a whole number.");
    return 2;
  }
  const base = await realpath(await mkdtemp(path.join(tmpdir(), "orthomask-soak-")));
  try {
    const template =
      given.template ?? (await makeTemplate(base, path.join(base, "template"), { side: SIDE }));
    return await soak(base, {
      template,
      minutes,
      seed,
      resultsFolder: values.results ?? keptResults,
      withPage: !values["no-page"],
      stop,
    });
  } finally {
    await RunningApp.endAll();
    await rm(base, { recursive: true, force: true });
  }
}

async function soak(
  base: string,
  {
    minutes,
    seed,
    resultsFolder,
    withPage,
    stop,
    template,
  }: {
    minutes: number;
    seed: number;
    resultsFolder: string;
    withPage: boolean;
    stop: AbortSignal;
    template: Template;
  },
): Promise<number> {
  const folder = path.join(base, "project");
  await cp(template.templateFolder, folder, { recursive: true });
  const { side } = template;
  const settings = { ...template.settings, epochs: 2 };
  const app = await RunningApp.start({ base, folder });
  const page = withPage ? await WatchingPage.open(app.url) : null;
  const random = seededRandom(seed, "soak");
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  const record: SoakRecord = {
    beganAt: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    wantedMinutes: minutes,
    state: "going on",
    seconds: 0,
    rounds: [],
    peaks: {},
    engineStarts: 0,
    failures: [],
    handles: { early: [], late: [] },
  };
  let enginePid: number | null = null;
  const noteEngine = (): void => {
    const pid = app.enginePid();
    if (pid !== null && pid !== enginePid) {
      enginePid = pid;
      record.engineStarts += 1;
    }
  };
  const peak = globalThis.setInterval(() => {
    noteEngine();
    notePeak(record, "host", app.pid);
    notePeak(record, "engine", enginePid);
  }, 1000);
  const keep = (state: SoakRecord["state"]): ReturnType<typeof writeSoakReport> => {
    record.state = state;
    record.seconds = seconds();
    return writeSoakReport(resultsFolder, record);
  };
  let earlierRunId: string | null = template.runId;
  let end: SoakRecord["state"] = "done";
  let failedInARow = 0;
  try {
    if (minutes >= LEAST_MINUTES_TO_FILL) {
      await fillHistory(app, random, side, stop);
    }
    while (seconds() < minutes * 60) {
      if (stop.aborted) {
        end = "stopped";
        break;
      }
      try {
        earlierRunId = await within(
          soakRound(app, {
            settings,
            side,
            random,
            earlierRunId,
            tell: async (step) => page?.show(step),
          }),
          MOST_ROUND_MILLISECONDS,
        );
        failedInARow = 0;
      } catch (error) {
        record.failures.push(
          `After ${record.rounds.length} rounds: ${error instanceof Error ? error.message : String(error)}`,
        );
        failedInARow += 1;
        if (failedInARow === MOST_FAILURES) {
          end = "failed";
          break;
        }
      }
      await setTimeout(REST_MILLISECONDS);
      noteEngine();
      const pageValues = (await page?.sample().catch(() => null)) ?? null;
      const host = sampleProcess(app.pid);
      const engine = enginePid === null ? null : sampleProcess(enginePid);
      const disk = await diskUse(base);
      const values: RoundValues = {
        "host memory (resident)": megabytes(host?.residentBytes),
        "engine memory (resident)": megabytes(engine?.residentBytes),
        "page heap (after collection)": megabytes(pageValues?.heapBytes),
        "page nodes": pageValues?.nodes ?? null,
        "page listeners": pageValues?.listeners ?? null,
        "host handles": host?.handles ?? null,
        "engine handles": engine?.handles ?? null,
        "host threads": host?.threads ?? null,
        "engine threads": engine?.threads ?? null,
        "disk: project, data and cache": megabytes(disk.bytes),
        "files: project, data and cache": disk.files,
      };
      record.rounds.push({ seconds: Math.round(seconds() * 10) / 10, values });
      record.failures.push(...(page?.errors.splice(0).map((error) => `The page: ${error}`) ?? []));
      record.handles.late = handlesOf(app.pid);
      if (seconds() < minutes * 18) {
        record.handles.early = record.handles.late;
      }
      keep("going on");
      if (record.rounds.length % 20 === 0) {
        console.log(`${record.rounds.length} rounds in ${(seconds() / 60).toFixed(1)} min`);
      }
    }
  } finally {
    clearInterval(peak);
    await page?.close();
    await app.close();
  }
  const verdicts = keep(end);
  for (const { name, kind } of verdicts) {
    console.log(`${name}: ${kind}`);
  }
  for (const failure of record.failures) {
    console.log(failure);
  }
  console.log(`${record.rounds.length} rounds, ${end}; the report is ${path.join(resultsFolder, "soak.md")}`);
  return record.failures.length === 0 && verdicts.every(({ kind }) => kind !== "grows") ? 0 : 1;
}

function notePeak(record: SoakRecord, name: string, pid: number | null): void {
  const sample = pid === null ? null : sampleProcess(pid);
  if (sample !== null) {
    record.peaks[name] = Math.max(record.peaks[name] ?? 0, sample.residentBytes / MEGABYTE);
  }
}

function megabytes(bytes: number | undefined): number | null {
  return bytes === undefined ? null : Math.round((bytes / MEGABYTE) * 100) / 100;
}

async function within<Result>(work: Promise<Result>, milliseconds: number): Promise<Result> {
  const controller = new AbortController();
  const late = setTimeout(milliseconds, null, { signal: controller.signal }).then(() => {
    throw new Error(`The round did not end within ${milliseconds / 60_000} minutes.`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    controller.abort();
  }
}
