import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import path from "node:path";
import { z } from "zod";
import { isReached, ratioOf } from "./bench.ts";
import type { Bench, BenchReport, BenchRow, Sample, Target } from "./bench.ts";

const resultsDirectory = path.join(import.meta.dirname, "../results");
const readme = path.join(import.meta.dirname, "../../README.md");

const sampleSchema = z.object({ median: z.number(), low: z.number(), high: z.number(), count: z.int() });
const rowSchema = z.object({
  work: z.string(),
  measure: z.string(),
  unit: z.string(),
  ours: sampleSchema,
  peer: z.object({ name: z.string(), sample: sampleSchema }).nullable(),
  target: z
    .discriminatedUnion("of", [
      z.object({ of: z.enum(["ratio", "value"]), atMost: z.number() }),
      z.object({ of: z.literal("span") }),
    ])
    .nullable(),
  othersPercent: z.number().optional(),
  /** The day, as `YYYY-MM-DD`. */
  measured: z.iso.date(),
});
const resultSchema = z.object({
  title: z.string(),
  method: z.string(),
  machine: z.string(),
  versions: z.record(z.string(), z.string()),
  rows: z.array(rowSchema),
  notes: z.array(z.string()),
});

/** From which share of the processors' time on others are said to have disturbed a measurement. */
const DISTURBING_PERCENT = 10;

/** The last numbers of a benchmark, with what they were measured on. */
export type BenchResult = z.infer<typeof resultSchema>;

/**
 * Writes what a benchmark found beside its earlier results. Rows that it did not measure this time stay, if they are from the
 * same machine and from the same versions of what both times needed: a ratio is only ever between numbers of one run.
 */
export function writeResult(name: string, bench: Bench, report: BenchReport): BenchResult {
  const measured = new Date().toISOString().slice(0, 10);
  const now = { Node: process.versions.node, ...report.versions };
  const before = readResult(name);
  const comparable = before?.machine === machine() && areSameWhereBoth(before.versions, now);
  const versions = comparable ? { ...before.versions, ...now } : now;
  const result: BenchResult = {
    title: bench.title,
    method: bench.method,
    machine: machine(),
    versions,
    rows: mergeRows(
      comparable ? before.rows : [],
      report.rows.map((row) => ({ ...row, measured })),
    ),
    notes: [...(report.notes ?? [])],
  };
  mkdirSync(resultsDirectory, { recursive: true });
  writeFileSync(path.join(resultsDirectory, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(path.join(resultsDirectory, `${name}.md`), markdownOf(result));
  return result;
}

/** Whether two measurements were made with the same: one of another part needs a peer, or a browser, that the other doesn't. */
export function areSameWhereBoth(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(now).every(([name, version]) => (before[name] ?? version) === version);
}

/** What `bench/results` holds of a benchmark; null when it has not run yet. */
export function readResult(name: string): BenchResult | null {
  const file = path.join(resultsDirectory, `${name}.json`);
  return existsSync(file) ? resultSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : null;
}

/** New rows in the place of those of the same name, others after them. */
export function mergeRows<Row extends Pick<BenchRow, "work" | "measure">>(
  before: readonly Row[],
  now: readonly Row[],
): Row[] {
  const isSame = (first: Row, second: Row): boolean =>
    first.work === second.work && first.measure === second.measure;
  return [
    ...before.map((old) => now.find((row) => isSame(row, old)) ?? old),
    ...now.filter((row) => !before.some((old) => isSame(row, old))),
  ];
}

/** A result as a document of its own. */
export function markdownOf(result: BenchResult): string {
  const days = [...new Set(result.rows.map((row) => row.measured))].sort();
  const versions = Object.entries(result.versions).map(([name, version]) => `${name} ${version}`);
  const others = othersOf(result.rows);
  return [
    `# ${result.title}`,
    "",
    result.method,
    "",
    `Measured ${days.join(", ")} on ${result.machine}; ${versions.join(", ")}. Medians, lowest–highest in brackets; \`npm run bench\` repeats it.`,
    "",
    tableOf(result.rows),
    "",
    ...(others === null ? [] : [others, ""]),
    ...result.notes.flatMap((note) => [note, ""]),
  ].join("\n");
}

/** Says how much the machine was used by others meanwhile; null where nobody looked. */
function othersOf(rows: readonly BenchRow[]): string | null {
  const percents = rows.flatMap(({ othersPercent }) => (othersPercent === undefined ? [] : [othersPercent]));
  return percents.length === 0
    ? null
    : `Programs that are neither side took ${Math.min(...percents).toFixed(0)} to ${Math.max(...percents).toFixed(0)} % of the processors' time while this was measured.`;
}

/** Rows as a Markdown table. */
export function tableOf(rows: readonly BenchRow[]): string {
  const lines = rows.map((row) => {
    const { work, measure, unit, ours, peer, target } = row;
    const ratio = ratioOf(row);
    const reached = isReached(row);
    const goal = target === null ? "" : goalOf(target, unit);
    return [
      work,
      `${measure}, ${unit}${disturbanceOf(row)}`,
      spreadOf(ours),
      peer === null ? "–" : `${spreadOf(peer.sample)} ${peer.name}`,
      ratio === null ? "–" : ratio.toFixed(2),
      reached === null ? goal : `${goal} ${reached ? "✓" : "✗"}`,
    ].join(" | ");
  });
  return [
    "| work | measure | Orthomask | peer | ratio | target |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines.map((line) => `| ${line} |`),
  ].join("\n");
}

/** Says so where others took enough of the machine to change the numbers; ratios suffer less, since the two sides take turns. */
function disturbanceOf({ othersPercent = 0 }: BenchRow): string {
  return othersPercent < DISTURBING_PERCENT ? "" : ` (disturbed: others took ${Math.round(othersPercent)} %)`;
}

function goalOf(target: Target, unit: string): string {
  if (target.of === "span") {
    return "within the peer's spread";
  }
  return `≤ ${target.atMost}${target.of === "value" ? ` ${unit}` : ""}`;
}

function spreadOf({ median, low, high, count }: Sample): string {
  return count === 1 ? digits(median) : `${digits(median)} (${digits(low)}–${digits(high)})`;
}

/** Three significant digits, whole numbers in full. */
function digits(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3);
}

/** Puts the results' tables between the README's two `bench` comments. */
export function writeReadme(names: readonly string[]): void {
  const text = readFileSync(readme, "utf8");
  const [begin, end] = ["<!-- bench -->", "<!-- /bench -->"];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) {
    throw new Error(`README.md has no "${begin}" … "${end}" to put the results between.`);
  }
  const tables = names.flatMap((name) => {
    const result = readResult(name);
    return result === null
      ? []
      : [`**${result.title}** ([details](bench/results/${name}.md))\n\n${tableOf(result.rows)}`];
  });
  writeFileSync(
    readme,
    `${text.slice(0, from + begin.length)}\n\n${tables.join("\n\n")}\n\n${text.slice(to)}`,
  );
}

/** Processor, cores, memory and system, in words. */
function machine(): string {
  const processors = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const model = (processors[0]?.model ?? "an unknown processor").replace(/\s+/g, " ").trim();
  return `${model}, ${processors.length} cores, ${gigabytes} GB, ${process.platform} ${release()}`;
}
