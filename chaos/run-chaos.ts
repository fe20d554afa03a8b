import { cp, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { seededRandom } from "#shared/training/seeded-random.ts";
import { cases } from "./cases/index.ts";
import { SIDE } from "./case.ts";
import type { Ground, Rounds } from "./case.ts";
import { readResult, writeReport, writeResult } from "./kept-results.ts";
import type { Part } from "./kept-results.ts";
import { RunningApp } from "./running-app.ts";
import { makeTemplate } from "./template.ts";
import type { Template } from "./template.ts";

const keptResults = path.join(import.meta.dirname, "results");
/** A round that takes longer has hung; a machine that others use may stand still for minutes. */
const MOST_ROUND_MILLISECONDS = 10 * 60_000;
/** After so many rounds of a case that couldn't be carried out, nothing more is to be learned from it. */
const MOST_BROKEN_ROUNDS = 3;

interface Plan {
  readonly base: string;
  readonly template: Template;
  readonly seed: number | null;
  readonly rounds: number;
  readonly resultsFolder: string;
  /** When no more rounds are begun, as `performance.now` counts. */
  readonly until: number;
}

/** Carries out the cases asked for and adds what came of them to what is kept; answers the exit code, 1 where anything was lost. */
export async function runChaos(
  words: readonly string[],
  given: { readonly template?: Template } = {},
): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seed: { type: "string" },
      rounds: { type: "string" },
      minutes: { type: "string" },
      only: { type: "string", multiple: true },
      results: { type: "string" },
    },
  });
  const seed = values.seed === undefined ? null : Number(values.seed);
  const rounds = Number(values.rounds ?? "200");
  const minutes = Number(values.minutes ?? "Infinity");
  const names = values.only ?? Object.keys(cases);
  const unknown = names.filter((name) => !(name in cases));
  const isUnderstood =
    unknown.length === 0 &&
    (seed === null || Number.isInteger(seed)) &&
    Number.isInteger(rounds) &&
    rounds >= 1 &&
    minutes > 0;
  if (!isUnderstood) {
    console.error(
      `Expected --seed and --rounds as whole numbers, --minutes as a number, and --only of: ${Object.keys(cases).join(", ")}.`,
    );
    return 2;
  }
  const base = await realpath(await mkdtemp(path.join(tmpdir(), "orthomask-chaos-")));
  let lost = 0;
  try {
    const template =
      given.template ?? (await makeTemplate(base, path.join(base, "template"), { side: SIDE }));
    const plan: Plan = {
      base,
      template,
      seed,
      rounds,
      resultsFolder: values.results ?? keptResults,
      until: performance.now() + minutes * 60_000,
    };
    for (const name of names) {
      if (performance.now() < plan.until) {
        lost += await carryOut(name, plan);
      }
    }
  } finally {
    await RunningApp.endAll();
    await rm(base, { recursive: true, force: true });
  }
  return lost === 0 ? 0 : 1;
}

/** Answers how many losses there were. */
async function carryOut(name: string, plan: Plan): Promise<number> {
  const { resultsFolder } = plan;
  const kept = readResult(resultsFolder, name);
  const seed = plan.seed ?? 1 + Math.max(0, ...kept.parts.map((part) => part.seed));
  const begun = performance.now();
  const part: Part = {
    seed,
    rounds: 0,
    faults: 0,
    losses: [],
    seconds: 0,
    endedAt: "",
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}`,
  };
  const keep = (skipped: string | null): void => {
    part.seconds = Math.round((performance.now() - begun) / 100) / 10;
    part.endedAt = new Date().toISOString();
    const parts = part.rounds === 0 && part.losses.length === 0 ? kept.parts : [...kept.parts, part];
    writeResult(resultsFolder, { name, skipped, parts });
    writeReport(resultsFolder, Object.keys(cases));
  };
  const random = seededRandom(seed, name);
  let going: Rounds | null = null;
  let broken = 0;
  for (let ground = 1; part.rounds < plan.rounds && performance.now() < plan.until;) {
    try {
      if (going === null) {
        const prepared = await within(
          layGround(name, ground++, plan).then((laid) =>
            (cases[name] as (typeof cases)[string])(laid, random),
          ),
        );
        if ("skipped" in prepared) {
          keep(prepared.skipped);
          console.log(`${name}: skipped, ${prepared.skipped}`);
          return 0;
        }
        going = prepared;
      }
      const { faults, losses } = await within(going.round());
      part.rounds += 1;
      part.faults += faults;
      part.losses.push(...losses.map((loss) => `round ${part.rounds}: ${loss}`));
    } catch (error) {
      // The next round begins on new ground.
      part.losses.push(
        `after round ${part.rounds}: ${error instanceof Error ? error.message : String(error)}`,
      );
      await going?.close().catch(() => undefined);
      going = null;
      await RunningApp.endAll();
      broken += 1;
      if (broken === MOST_BROKEN_ROUNDS) {
        break;
      }
    }
    keep(null);
  }
  await going?.close();
  keep(null);
  const { rounds, faults, losses, seconds } = part;
  console.log(`${name}: ${rounds} rounds in ${seconds} s, ${faults} faults, ${losses.length} losses`);
  for (const loss of losses.slice(0, 5)) {
    console.log(`  ${loss}`);
  }
  return losses.length;
}

/** A copy of the template for a case. */
async function layGround(name: string, count: number, { base, template }: Plan): Promise<Ground> {
  const own = path.join(base, `${name}-${count}`);
  const folder = path.join(own, "project");
  await mkdir(own);
  await cp(template.templateFolder, folder, { recursive: true });
  return { ...template, base: own, folder };
}

async function within<Result>(work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it did not end within ${MOST_ROUND_MILLISECONDS / 60_000} minutes`));
    }, MOST_ROUND_MILLISECONDS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
