import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { withoutGround } from "../without-ground.ts";
import { judge, TOLERATED_SHARE, WARM_UP_SHARE } from "./verdict.ts";
import type { Quantity, Verdict } from "./verdict.ts";

/** What is measured at rest after each round, in the quantity's unit; null where there was nothing to measure. */
export type RoundValues = Readonly<Record<string, number | null>>;

/** How a soak stands. */
export interface SoakRecord {
  readonly beganAt: string;
  readonly machine: string;
  readonly wantedMinutes: number;
  /** "going on" stays where the soak ended abruptly. */
  state: "going on" | "done" | "stopped" | "failed";
  seconds: number;
  /** Seconds since the beginning, and what was measured then. */
  readonly rounds: { readonly seconds: number; readonly values: RoundValues }[];
  /** The most that was seen within rounds, each second. */
  readonly peaks: Record<string, number>;
  engineStarts: number;
  /** Whatever went wrong; a soak of which this isn't empty has failed. */
  readonly failures: string[];
  /** What the host has open, after the warm-up and at the end. */
  readonly handles: { early: readonly string[]; late: readonly string[] };
}

/** What is measured, with the least growth that counts. */
export const quantities: readonly Omit<Quantity, "points">[] = [
  { name: "host memory (resident)", unit: "MB", leastGrowth: 16 },
  { name: "engine memory (resident)", unit: "MB", leastGrowth: 16 },
  { name: "page heap (after collection)", unit: "MB", leastGrowth: 2 },
  { name: "page nodes", unit: "", leastGrowth: 200 },
  { name: "page listeners", unit: "", leastGrowth: 50 },
  { name: "host handles", unit: "", leastGrowth: 2 },
  { name: "engine handles", unit: "", leastGrowth: 2 },
  { name: "host threads", unit: "", leastGrowth: 2 },
  { name: "engine threads", unit: "", leastGrowth: 2 },
  { name: "disk: project, data and cache", unit: "MB", leastGrowth: 2 },
  { name: "files: project, data and cache", unit: "", leastGrowth: 4 },
];

/** The judgement of all that was measured. */
export function judgeSoak(record: SoakRecord): Verdict[] {
  return quantities.flatMap((quantity) => {
    const points = record.rounds.flatMap(({ seconds, values }) => {
      const value = values[quantity.name];
      return typeof value === "number" ? [[seconds, value] as const] : [];
    });
    return points.length === 0 ? [] : [judge({ ...quantity, points })];
  });
}

/** Writes `soak.json` and `soak.md`, each whole or not at all, so that an abrupt end leaves the report of the round before. */
export function writeSoakReport(folder: string, record: SoakRecord): Verdict[] {
  const verdicts = judgeSoak(record);
  mkdirSync(folder, { recursive: true });
  const { rounds, ...facts } = record;
  const lines = rounds.map((round) => `  ${JSON.stringify(round)}`).join(",\n");
  const head = JSON.stringify({ ...facts, verdicts }, null, 1).replace(/\n\}$/, "");
  replace(path.join(folder, "soak.json"), withoutGround(`${head},\n "rounds": [\n${lines}\n ]\n}\n`));
  replace(path.join(folder, "soak.md"), describe(record, verdicts));
  return verdicts;
}

function replace(filePath: string, text: string): void {
  writeFileSync(`${filePath}.tmp`, text);
  renameSync(`${filePath}.tmp`, filePath);
}

function describe(record: SoakRecord, verdicts: readonly Verdict[]): string {
  const growing = verdicts.filter(({ kind }) => kind === "grows");
  const rows = verdicts.map(
    ({ name, unit, kind, rounds, first, median, last, highest, perHour, tolerated }) =>
      `| ${[
        name,
        kind,
        rounds,
        ...[first, median, last, highest].map((value) => shown(value, unit)),
        perHour === null ? "–" : perHour.map((value) => shown(value, unit)).join(" … "),
        shown(tolerated, unit),
      ].join(" | ")} |`,
  );
  const peaks = Object.entries(record.peaks).map(([name, value]) => `${name} ${shown(value, "MB")}`);
  return [
    "# Soak",
    "",
    `\`npm run soak\` of ${record.beganAt.slice(0, 16).replace("T", " ")} UTC on ${record.machine}: ${record.rounds.length} rounds of label → train → predict → export in ${(record.seconds / 60).toFixed(1)} of ${record.wantedMinutes} minutes, ${record.state}${growing.length > 0 ? `; growing: ${growing.map(({ name }) => name).join(", ")}` : ""}.`,
    `The engine was started ${record.engineStarts} times. Highest within rounds: ${peaks.join(", ")}.`,
    "",
    "| at rest after each round | | rounds judged | first | median | last | highest | per hour (95 %) | tolerated in all |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
    `The first ${WARM_UP_SHARE * 100} % of the rounds aren't judged. The slope is Sen's median of pairs with its 95 % interval (rounds that depend on each other make it somewhat too narrow). *Flat*: even its upper bound comes to no more than the tolerated growth over the judged time (${TOLERATED_SHARE * 100} % of the median, and no less than a fixed amount). *Grows*: even its lower bound comes to more. Else *undecided*. A leak slower than that shows only in the column "per hour".`,
    ...(record.failures.length === 0
      ? []
      : ["", "## Failures", "", ...record.failures.slice(0, 50).map((failure) => `- ${failure}`)]),
    "",
  ].join("\n");
}

function shown(value: number, unit: "MB" | ""): string {
  return unit === "MB" ? `${value.toFixed(1)} MB` : String(Math.round(value * 10) / 10);
}
