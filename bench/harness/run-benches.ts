import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { runnerImport } from "vite";
import type { Bench } from "./bench.ts";
import { tableOf, writeReadme, writeResult } from "./results.ts";

const benchDirectory = path.join(import.meta.dirname, "..");

/** Runs the benchmark named by the first word with the other words, or all; writes their results and the README's tables. */
export async function runBenches(words: readonly string[]): Promise<void> {
  const names = readdirSync(benchDirectory)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => path.basename(file, ".ts"))
    .sort();
  const [wanted, ...rest] = words;
  if (wanted !== undefined && !names.includes(wanted)) {
    console.error(`There is no benchmark ${wanted}; there are: ${names.join(", ")}.`);
    process.exitCode = 2;
    return;
  }
  for (const name of wanted === undefined ? names : [wanted]) {
    const bench = await load(name);
    console.log(`\n${bench.title}`);
    const report = await bench.run(rest, (part) => {
      writeResult(name, bench, part);
      console.log(tableOf(part.rows));
    });
    const result = writeResult(name, bench, report);
    console.log(`\n${tableOf(report.rows)}\n${result.notes.join("\n")}`);
  }
  writeReadme(names.filter((name) => existsSync(path.join(benchDirectory, "results", `${name}.json`))));
}

async function load(name: string): Promise<Bench> {
  const { module } = await runnerImport<{ bench?: Bench }>(path.join(benchDirectory, `${name}.ts`));
  if (module.bench === undefined) {
    throw new Error(`bench/${name}.ts exports no \`bench\`.`);
  }
  return module.bench;
}
