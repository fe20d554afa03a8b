import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { seededRandom } from "#shared/training/seeded-random.ts";
import { cases, SIDE } from "./cases.ts";
import type { Ground, Outcome } from "./cases.ts";
import { RunningApp } from "./running-app.ts";

const commandLine = path.resolve(import.meta.dirname, "../out/cli/cli.mjs");
const keptResults = path.join(import.meta.dirname, "results");

/** Carries out the cases asked for and writes what came of them; answers the exit code, 1 where anything was lost. */
export async function runChaos(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seed: { type: "string" },
      rounds: { type: "string" },
      only: { type: "string", multiple: true },
      results: { type: "string" },
    },
  });
  const seed = Number(values.seed ?? "1");
  const rounds = Number(values.rounds ?? "200");
  const names = values.only ?? Object.keys(cases);
  const unknown = names.filter((name) => !(name in cases));
  if (unknown.length > 0 || !Number.isInteger(seed) || !Number.isInteger(rounds) || rounds < 1) {
    console.error(
      `Expected --seed and --rounds as whole numbers and --only of: ${Object.keys(cases).join(", ")}.`,
    );
    return 2;
  }
  const base = await realpath(await mkdtemp(path.join(tmpdir(), "orthomask-chaos-")));
  let lost = 0;
  try {
    const runId = await makeTemplate(path.join(base, "template"));
    for (const name of names) {
      lost += (
        await carryOut(name, { base, runId, seed, rounds, resultsFolder: values.results ?? keptResults })
      ).losses.length;
    }
  } finally {
    await rm(base, { recursive: true, force: true });
  }
  return lost === 0 ? 0 : 1;
}

async function carryOut(
  name: string,
  {
    base,
    runId,
    seed,
    rounds,
    resultsFolder,
  }: { base: string; runId: string; seed: number; rounds: number; resultsFolder: string },
): Promise<Outcome> {
  const own = path.join(base, name);
  const ground: Ground = { base: own, folder: path.join(own, "project"), runId };
  await mkdir(own);
  await cp(path.join(base, "template"), ground.folder, { recursive: true });
  const begun = performance.now();
  const keep = async (outcome: Outcome): Promise<void> => {
    const seconds = Math.round((performance.now() - begun) / 1000);
    const report = { name, seed, wantedRounds: rounds, ...outcome, seconds, cores: cpus().length };
    await mkdir(resultsFolder, { recursive: true });
    await writeFile(path.join(resultsFolder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
  };
  let outcome: Outcome = { rounds: 0, faults: 0, losses: [] };
  try {
    outcome = await (cases[name] as (typeof cases)[string])(
      ground,
      rounds,
      seededRandom(seed, name),
      (now) => {
        outcome = now;
        if (now.rounds % 20 === 0) {
          console.log(`${name}: ${now.rounds} rounds, ${now.losses.length} losses`);
        }
      },
    );
  } catch (error) {
    outcome.losses.push(
      `after round ${outcome.rounds}: ${error instanceof Error ? error.message : String(error)}`,
    );
    await RunningApp.endAll();
  }
  await keep(outcome);
  console.log(`${name}: ${outcome.rounds} rounds, ${outcome.faults} faults, ${outcome.losses.length} losses`);
  for (const loss of outcome.losses.slice(0, 5)) {
    console.log(`  ${loss}`);
  }
  return outcome;
}

/** Draws a small sample and trains one epoch on it; answers the run. */
async function makeTemplate(folder: string): Promise<string> {
  const run = promisify(execFile);
  await run(process.execPath, [commandLine, "sample", folder, "--size", String(SIDE), "--mosaics", "2"]);
  const small = ["--width", "4", "--tile", "64", "--batch", "4", "--split", "mosaic", "--seed", "2"];
  await run(process.execPath, [commandLine, "train", folder, ...small, "--epochs", "1"]);
  const [runId] = await readdir(path.join(folder, ".orthomask/runs"));
  if (runId === undefined) {
    throw new Error("The template's training left no run.");
  }
  return runId;
}
