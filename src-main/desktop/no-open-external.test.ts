import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

test("the shell opens no address and no file in another program", () => {
  const sources = readdirSync(import.meta.dirname).filter((name) => /(?<!\.test)\.ts$/.test(name));
  expect(sources.length).toBeGreaterThan(10);
  for (const name of sources) {
    expect(readFileSync(path.join(import.meta.dirname, name), "utf8"), name).not.toMatch(
      /\bopen(External|Path)\b/,
    );
  }
});
