import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { withoutGround } from "./without-ground.ts";

/** Some rounds of a case, made one after the other with one seed. */
const partSchema = z.strictObject({
  seed: z.int(),
  rounds: z.int(),
  faults: z.int(),
  losses: z.array(z.string()),
  seconds: z.number(),
  endedAt: z.string(),
  machine: z.string(),
});
export type Part = z.infer<typeof partSchema>;

const resultSchema = z.strictObject({
  name: z.string(),
  /** Why it couldn't be tried the last time; null where it was. */
  skipped: z.string().nullable(),
  parts: z.array(partSchema),
});
/** All that a case has come to, over all runs. */
export type CaseResult = z.infer<typeof resultSchema>;

/** What is kept of a case; nothing yet where it was never run. Throws where the file is of another form. */
export function readResult(folder: string, name: string): CaseResult {
  let text: string;
  try {
    text = readFileSync(path.join(folder, `${name}.json`), "utf8");
  } catch {
    return { name, skipped: null, parts: [] };
  }
  return resultSchema.parse(JSON.parse(text));
}

/** Writes what is kept of a case whole or not at all. */
export function writeResult(folder: string, result: CaseResult): void {
  mkdirSync(folder, { recursive: true });
  const filePath = path.join(folder, `${result.name}.json`);
  writeFileSync(`${filePath}.tmp`, `${withoutGround(JSON.stringify(result, null, 2))}\n`);
  renameSync(`${filePath}.tmp`, filePath);
}

/** The results of these cases as one Markdown table, written beside them as `chaos.md`. */
export function writeReport(folder: string, names: readonly string[]): void {
  const results = names.map((name) => readResult(folder, name));
  const parts = results.flatMap((result) => result.parts);
  const days = parts.map(({ endedAt }) => endedAt.slice(0, 10)).toSorted();
  const machines = [...new Set(parts.map(({ machine }) => machine))];
  const total = summed(parts);
  const lost = results.flatMap(({ name, parts: own }) =>
    own.flatMap(({ seed, losses }) => losses.map((loss) => `- ${name}, seed ${seed}, ${loss}`)),
  );
  const lines = [
    "# Chaos",
    "",
    `\`npm run chaos\`, ${days[0] ?? "never"}${days.at(-1) === days[0] ? "" : ` to ${String(days.at(-1))}`}, on ${machines.join("; ") || "no machine"}: ${total.rounds} rounds, ${total.faults} faults, ${total.losses} losses. See docs/faults.md for what each case does.`,
    "",
    "| case | rounds | faults | losses | seconds a round |",
    "| --- | --- | --- | --- | --- |",
    ...results.map(({ name, skipped, parts: own }) => {
      const { rounds, faults, losses, seconds } = summed(own);
      const note = skipped === null ? "" : ` (skipped: ${skipped})`;
      return `| ${name}${note} | ${rounds} | ${faults} | ${losses} | ${rounds === 0 ? "–" : (seconds / rounds).toFixed(1)} |`;
    }),
    ...(lost.length === 0 ? [] : ["", "## Losses", "", ...lost]),
    "",
  ];
  writeFileSync(path.join(folder, "chaos.md"), lines.join("\n"));
}

function summed(parts: readonly Part[]): { rounds: number; faults: number; losses: number; seconds: number } {
  const sum = (valueOf: (part: Part) => number): number =>
    parts.reduce((total, part) => total + valueOf(part), 0);
  return {
    rounds: sum(({ rounds }) => rounds),
    faults: sum(({ faults }) => faults),
    losses: sum(({ losses }) => losses.length),
    seconds: sum(({ seconds }) => seconds),
  };
}
