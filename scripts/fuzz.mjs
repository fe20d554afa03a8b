// `npm run fuzz [-- MESSAGES [SEED]]`: mutated messages to the host by each transport, 100,000 each unless told otherwise. Prints what came of them;
// the whole report is in artifacts/fuzz.
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { endWith, setUp } from "./setup.mjs";
import { rootDirectory } from "./setup/places.mjs";
import { runVisibly } from "./setup/step.mjs";

const [messages = "100000", seed = "1"] = process.argv.slice(2);
const reportDirectory = path.join(rootDirectory, "artifacts/fuzz");

async function main() {
  await setUp();
  rmSync(reportDirectory, { recursive: true, force: true });
  const vitest = path.join(rootDirectory, "node_modules/vitest/vitest.mjs");
  const code = await runVisibly(process.execPath, [vitest, "run", "fixtures/fuzz"], {
    cwd: rootDirectory,
    env: {
      ...process.env,
      ORTHOMASK_FUZZ_MESSAGES: messages,
      ORTHOMASK_FUZZ_SEED: seed,
      ORTHOMASK_FUZZ_REPORT: reportDirectory,
    },
  });
  for (const name of existsSync(reportDirectory) ? readdirSync(reportDirectory) : []) {
    process.stdout.write(`${describe(JSON.parse(readFileSync(path.join(reportDirectory, name), "utf8")))}\n`);
  }
  return code;
}

function describe({
  name,
  messages,
  frames,
  results,
  items,
  ends,
  errors,
  broken,
  unanswered,
  residentBytes,
  seconds,
}) {
  const errorCounts = Object.entries(errors).map(([code, count]) => `${count} ${code}`);
  const memory = residentBytes.map((bytes) => (bytes === null ? "?" : (bytes / 1e6).toFixed(0)));
  return [
    `${name}: ${messages} messages (${frames} of them broken bytes) in ${seconds.toFixed(0)} s`,
    `  answered: ${results} results, ${items} items, ${ends} ends; errors: ${errorCounts.join(", ")}`,
    `  broken answers: ${broken.length}, unanswered: ${unanswered.length}`,
    `  memory after a tenth, half and all of them: ${memory.join(", ")} MB`,
  ].join("\n");
}

main().then((code) => process.exit(code), endWith);
