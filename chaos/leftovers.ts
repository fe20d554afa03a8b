import { readdirSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

const temporary = /\.(partial|earlier|part|tmp)$|^epoch-\d+\.weights$/;

/** Temporary files in a project that are still there some seconds after it was opened: sweeping goes on beside. */
export async function leftoversOf(folder: string): Promise<string[]> {
  let found: string[] = [];
  for (let waited = 0; waited < 4000; waited += 100) {
    found = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      temporary.test(path.basename(name)),
    );
    if (found.length === 0) {
      return [];
    }
    await setTimeout(100);
  }
  return found.map((name) => `${path.basename(name)} is left behind`);
}
